/*
 * sweep.h -- the end of a container: what outlives its service, and the time
 * that all may take.
 *
 * When no service is left, whatever isn't svscan, a logger or the command is
 * told to end by TERM and CONT, and after a while by KILL: it may hold the pipe
 * of a logger, which waits for the end of its input. When the time for the
 * whole stop is over, KILL comes to all but svscan and loggers at once, and a
 * moment later, in which these may write what they have read, to them.
 *
 * A stop that svscan was killed in is gone on with by the next one: its loggers
 * are told of anew, also those that it adopted, which are children of this
 * process then. Time goes on.
 */
#ifndef BOOT_SWEEP_H
#define BOOT_SWEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "service/ending.h"

#define SWEEP_LOGGERS_MOST 8192

struct sweep {
	/* Set before all else. */
	int64_t limit_ns; /* for the whole stop; 0: any */
	int64_t grace_ns; /* between TERM and KILL */

	/* The rest is that of sweep.c. */
	int64_t limit_due_ns; /* CLOCK_MONOTONIC, as all; 0: no limit runs */
	int64_t kill_due_ns;  /* 0: nobody was told to end */
	int64_t last_due_ns;  /* for loggers, too; 0: not yet */
	int64_t look_due_ns;  /* what is killed is looked for again */
	bool is_listed_down;  /* svscan has begun to say so */
	bool is_down;         /* no service is left */
	bool is_all_killed;   /* loggers, too: nobody is waited for */
	pid_t whole[SWEEP_LOGGERS_MOST + 2]; /* loggers; and see sweep.c */
	size_t logger_count;
	/* Those that are being told of: they count when that were all. */
	pid_t listed[SWEEP_LOGGERS_MOST];
	size_t listed_count;
};

/* What is spared besides loggers: 0 where it doesn't run. */
struct sweep_others {
	pid_t svscan, command;
};

/* The stop begins. */
void sweep_begin(struct sweep *sweep, int64_t now_ns);

/* What svscan has told. */
void sweep_note(struct sweep *sweep, const struct ending *news);

/* svscan was killed in the stop: what it supervised is told of by the next. */
void sweep_forget(struct sweep *sweep);

/* svscan has ended, and all that it supervised. */
void sweep_is_down(struct sweep *sweep);

/* Does what is due. False: nothing is left below this process, or nobody is
 * waited for. To be called when something has ended, too. */
bool sweep_step(struct sweep *sweep, const struct sweep_others *others,
		int64_t now_ns);

/* The next moment to do so; INT64_MAX: none. */
int64_t sweep_due_ns(const struct sweep *sweep);

/* Whether the time was over. */
bool sweep_has_cut_off(const struct sweep *sweep);

#endif
