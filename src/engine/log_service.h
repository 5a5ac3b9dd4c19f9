/*
 * log_service.h -- a service that logs what svscan, and all that it starts,
 * write to standard output and standard error.
 *
 * It reads the FIFO supervise/pipe in its own directory. Standard output and
 * error of svscan are that FIFO, and services inherit them. It is never without
 * a reader, whichever of svscan and the log service is killed: svscanboot keeps
 * one; where that isn't there, what is inherited is open for reading, too. So
 * nobody gets SIGPIPE and no line is lost. The log service itself keeps the
 * output that svscan was started with: its troubles must not go down a pipe
 * that it may have stopped reading. It begins before all other services and
 * ends after them. Source of name and place: svscan(8) of daemontools-encore.
 */
#ifndef ENGINE_LOG_SERVICE_H
#define ENGINE_LOG_SERVICE_H

#include <stdbool.h>

#include "base/problem.h"
#include "engine/scan.h"
#include "engine/service.h"

struct log_service {
	/* Set by the owner; its name is NULL where there is no log service. */
	struct service service;
	/* The rest is that of log_service.c. */
	struct scanner *scanner; /* borrowed */
	int pipe_fd; /* owned: both ends; -1: 1 and 2 don't lead there */
	int out_fd;  /* owned: the end for writing alone; -1: 1 and 2 are copies
		      * of pipe_fd */
	struct kept pipe;         /* a read end */
	struct loop_timer again;  /* set while it isn't hosted */
	struct problem_said said; /* what kept it from that, said once */
	bool is_ending;
};

/* Loop, spawner and obituaries of the service are set. Before all else. */
void log_service_begin(struct log_service *log, struct scanner *scanner);

/*
 * Before each scan: takes the log service `service.name` over, a directory in
 * the current one, as soon as it is there, and from then on writes to it. The
 * scanner leaves that directory out. What is in the way is said, once; until
 * then the output stays what it is.
 */
void log_service_look(struct log_service *log);

/* Standard output and error are what they were at first (`is_own`), or the
 * FIFO again. */
void log_service_use_own_output(const struct log_service *log, bool is_own);

/* Calls `visit` for each FIFO that it holds open: see scanner_visit_fifos(). */
void log_service_visit_fifos(const struct log_service *log,
			     void (*visit)(int fd, void *with), void *with);

/*
 * An orderly stop, when all services are gone: it meets the end of its input,
 * and is waited for, as long as the loop isn't stopped by others.
 */
void log_service_end(struct log_service *log);

/* Frees what is held; the log service runs on, unless it has ended. */
void log_service_forget(struct log_service *log);

#endif
