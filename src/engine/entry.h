/*
 * entry.h -- one service of a scan directory, with its logger and the pipe
 * between them.
 *
 * The pipe is the FIFO supervise/pipe of the service. The service and the
 * logger open their own ends; the entry holds it open in between, so that
 * neither sees end of file or SIGPIPE and no line is lost when one of them is
 * started again. The entry closes it only in an orderly stop, or when both have
 * left.
 */
#ifndef ENGINE_ENTRY_H
#define ENGINE_ENTRY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/lookup.h"
#include "base/problem.h"
#include "engine/depend.h"
#include "engine/service.h"
#include "service/mains.h"

struct entry {
	/* The scanner's. */
	struct lookup_link link; /* by device and inode; stands first */
	struct entry *next;      /* in its list */
	unsigned seen;           /* the last scan that saw it; 0: none */

	dev_t device;
	ino_t inode;
	char *name; /* owned */
	int dir_fd; /* owned */
	struct service service;
	struct logger *logger; /* owned; NULL while there is none */
	struct loop_directory changes;
	int64_t first_seen_ns;
	int64_t host_due_ns; /* not taken over again before this */
	bool is_noted;       /* see left.h */
	bool is_awaited;     /* has no name, and is to be taken over again */
	bool tells_all;      /* of changes: any may lead where it may hang */
	bool must_look;      /* its directory changed since the last look */
	bool must_look_for_names; /* what depend.h tells of did */
	bool is_beginning;        /* its service is open, and no more yet */
	struct problem_said said;
	struct problem_said said_of_log; /* that it is no directory */

	/* Set by the owner before the loop runs. */
	void (*on_gone)(struct entry *entry); /* one of the two has let go */
	/* One of the two gave up: see struct service. */
	void (*on_giving_up)(struct entry *entry, const char *name,
			     const char *why, int exit_code);
	void (*on_change)(struct entry *entry); /* it is worth a scan */
	void *owner;
};

/* What all entries of a scan directory share. */
struct entry_context {
	struct loop *loop;
	struct spawner *spawner;
	struct starter *starter;
	const struct obituaries *obituaries;
	struct keeper *keeper;
	struct depend *depend;     /* NULL: nobody waits for anybody */
	const struct mains *mains; /* NULL: none were told of */
	unsigned descriptors_left; /* that services may still take */
	bool is_closing;           /* see struct service */
};

/* A new entry for the directory `name` in the cwd, or NULL with errno. */
struct entry *entry_new(struct entry_context *context, const char *name,
			const struct stat *status);
/* Frees it and closes the pipe. Whatever it hosts is forgotten, not ended. */
void entry_free(struct entry_context *context, struct entry *entry);

/* 0, or -1: memory is short, and the entry keeps its name. */
int entry_rename(struct entry *entry, const char *name);

/*
 * Takes over what there is to take over: the logger, if there is a directory
 * "log", and the service. False: something is in trouble, which was said once,
 * and it must be tried again.
 */
bool entry_host(struct entry_context *context, struct entry *entry);

/* Calls `visit` for each FIFO that it holds open: see scanner_visit_fifos(). */
void entry_visit_fifos(const struct entry *entry,
		       void (*visit)(int fd, void *with), void *with);

/* Whether the service or its logger is supervised. */
bool entry_is_hosted(const struct entry *entry);

/* The process of its logger; 0: none. */
pid_t entry_logger_pid(const struct entry *entry);

/* Whether its directory was removed, and the service has ended: nothing can be
 * started in it any more, and no command can come. */
bool entry_is_left(const struct entry *entry);

/* Before an orderly stop: warns of what it could not take over. */
void entry_tell_of_unsupervised(const struct entry *entry);

/* Begins, or goes on with, an orderly stop: first the service, then, with the
 * pipe closed, its logger. */
void entry_stop(struct entry *entry);

#endif
