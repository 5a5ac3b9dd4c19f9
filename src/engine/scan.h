/*
 * scan.h -- a scan directory: which services there are, each with its logger.
 *
 * A service is identified by device and inode of its directory, so that it may
 * be linked under several names and renamed while it runs; the first name seen
 * is the one it has. Names that start with '.' are none. A service leaves the
 * table when its name is gone and neither it nor its logger is supervised.
 * Source: the 0.76 specification, 7.1 and 11 (rows 1 to 8).
 *
 * The directory is looked at when it changes. Where the system can't tell of
 * changes, or while an entry is in trouble, it is looked at every 5 seconds.
 */
#ifndef ENGINE_SCAN_H
#define ENGINE_SCAN_H

#include <sys/stat.h>

#include "engine/keeper.h"
#include "engine/obituary.h"
#include "engine/spawn.h"
#include "loop/loop.h"
#include "service/mains.h"

struct scanner;

/*
 * Scans the current directory: now by scanner_scan(), then whenever it changes.
 * NULL with errno when memory is short. What is given is borrowed. When
 * it has stopped, it stops the loop.
 */
struct scanner *scanner_new(struct loop *loop, struct spawner *spawner,
			    const struct obituaries *obituaries,
			    struct keeper *keeper);

/*
 * Calls `on_giving_up` when the service `name` has failed, or ended, for good
 * (`why` says how), and its
 * directory demands the end of all, with that exit code. It must not stop the
 * scanner from there.
 */
void scanner_on_giving_up(struct scanner *scanner,
			  void (*on_giving_up)(void *owner, const char *name,
					       const char *why, int exit_code),
			  void *owner);

/* Frees the table; services go on running, and a later scanner adopts them. */
void scanner_free(struct scanner *scanner);

/* Looks at the directory now. */
void scanner_scan(struct scanner *scanner);

/* Makes the starts that are still gathered: before what isn't a round of the
 * loop. */
void scanner_settle(struct scanner *scanner);

/*
 * From now on, a service whose name is gone is ended, and its logger after it.
 * Before the first scan.
 */
void scanner_stop_removed(struct scanner *scanner);

/* What runs is taken over, to be stopped soon; no service is started. Before
 * the first scan. */
void scanner_start_none(struct scanner *scanner);

/* The services whose end is that of all, though their directories don't say so;
 * borrowed. Before the first scan. */
void scanner_have_mains(struct scanner *scanner, const struct mains *mains);
/* Whether all of those but `name` are down, and to stay so. */
bool scanner_is_last_main(const struct scanner *scanner, const char *name);

/* The directory that .svscan is in, for as long as the scanner has no other;
 * before its first scan. */
void scanner_keep_state_at(struct scanner *scanner, int state_fd);

/* Calls `before_scan` with `owner` before the directory is looked at. */
void scanner_before_scan(struct scanner *scanner,
			 void (*before_scan)(void *owner), void *owner);

/* A directory that isn't a service of this scan directory, whatever name it has
 * in it, for the scans that come. There is one such directory. */
void scanner_leave_out(struct scanner *scanner, const struct stat *status);

/* The current directory is another one: scans that. A service that both have
 * runs on. */
void scanner_move(struct scanner *scanner);

/*
 * An orderly stop: services are told to end; each logger, once its service has
 * gone, gets end of input and is waited for; then the loop is stopped.
 */
void scanner_stop(struct scanner *scanner);
/*
 * Calls `on_down` once in an orderly stop: when no service is left, but loggers
 * may be. Not called where a stop has begun already.
 */
void scanner_on_down(struct scanner *scanner, void (*on_down)(void *owner),
		     void *owner);
/* Calls `visit` for the process of each logger. */
void scanner_visit_loggers(const struct scanner *scanner,
			   void (*visit)(pid_t pid, void *with), void *with);
/* Whether that stop has come to its end. */
bool scanner_is_gone(struct scanner *scanner);

/*
 * Calls `visit` with each descriptor of a pipe between service and logger and
 * of a control FIFO: what an upgrade must hand down, as neither a line nor a
 * command may be lost.
 */
void scanner_visit_fifos(const struct scanner *scanner,
			 void (*visit)(int fd, void *with), void *with);

#endif
