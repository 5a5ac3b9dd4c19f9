/*
 * since.h -- moments that stay true though the clock is set.
 *
 * What is on record for people, and for other suites, is a moment of the wall
 * clock as it was then. supervise/state has the time since boot beside it,
 * which nobody sets (that clock is steered as the wall clock is, so the two
 * keep their distance but for those who set one). From both comes that moment
 * by the wall clock of now: what is shown is how far it is from now, and that
 * is true.
 */
#ifndef SERVICE_SINCE_H
#define SERVICE_SINCE_H

#include <stdint.h>
#include <time.h>

/* One moment, by two clocks. */
struct since {
	struct timespec at; /* CLOCK_REALTIME */
	int64_t up_ns;      /* CLOCK_BOOTTIME; 0: unknown */
};

/* Now; up_ns is 0 where there is no such clock. Cannot fail. */
struct since since_now(void);

/*
 * By how much the wall clock was set between the two moments, in nanoseconds:
 * what to add to moments that it told before. 0 where it is a second or less,
 * or can't be told. `then` may be anything, as damaged records are; of one that
 * is later than `now` nothing can be told.
 */
int64_t since_set_ns(const struct since *then, const struct since *now);

/* The moment so much later; where no clock can show it, `at` itself. */
struct timespec since_add(struct timespec at, int64_t ns);

#endif
