/*
 * condition.h -- what one can wait for, and whether it has come.
 *
 * condition_judge() is a pure function of two looks and a moment. The first
 * look was taken before anything was asked of the service; nothing that happens
 * between the two can be missed, since every start and death leaves its moment
 * in the status.
 */
#ifndef CLIENT_CONDITION_H
#define CLIENT_CONDITION_H

#include <stdint.h>
#include <time.h>

#include "client/look.h"

/* A service whose supervisor doesn't tell of readiness is taken to be ready
 * when it has been up for so long. */
#define CONDITION_SETTLED_NS INT64_C(1000000000)

enum condition {
	CONDITION_NONE,     /* all is well already */
	CONDITION_UP,       /* its process runs */
	CONDITION_READY,    /* and has said that it is ready */
	CONDITION_DOWN,     /* its process doesn't run */
	CONDITION_FINISHED, /* nor does what cleans up after it */
	/* Up and finished, for those who asked for it: what still is to be the
	 * opposite has not heard of that yet. */
	CONDITION_STARTED,
	CONDITION_STOPPED,
	CONDITION_RESTARTED, /* another process than in the first look runs */
	CONDITION_RESTARTED_READY, /* and is ready */
	/* The process of the first look has ended, and what is wanted now has
	 * come: another one runs, or none. */
	CONDITION_ENDED,
	CONDITION_TRIED,     /* up, or it was since the first look */
	CONDITION_PAUSED,    /* stopped, if it runs */
	CONDITION_CONTINUED, /* not stopped, if it runs */
	CONDITION_AS_WANTED, /* up or finished, whichever it shall be */
	CONDITION_GONE,      /* nobody supervises it */
	CONDITION_COUNT
};

enum verdict {
	VERDICT_NOT_YET,
	VERDICT_REACHED,
	VERDICT_FAILED,       /* it has failed for good, and won't come up */
	VERDICT_UNSUPERVISED, /* nobody supervises it: nothing will happen */
};

/*
 * Judges `now`. `has_acted`: something was asked of the service since `before`,
 * so a failure that was there then counts no more. `moment` is CLOCK_REALTIME.
 * *again_ns is set to a span after which the verdict may be another one though
 * nothing happens, or 0.
 */
enum verdict condition_judge(enum condition condition,
			     const struct look *before, const struct look *now,
			     bool has_acted, struct timespec moment,
			     int64_t *again_ns);

/* Whether a service for which this has come is up because of it: so that a
 * script `check` has a say. */
bool condition_asks_for_up(enum condition condition, const struct look *now);

#endif
