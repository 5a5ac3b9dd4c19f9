/* since.c -- see since.h. */
#include <stdbool.h>

#include "base/tai64n.h"
#include "service/since.h"

#define SECOND_NS INT64_C(1000000000)
/* Moments beyond that many seconds from 1970 are no clock's: 146 years. */
#define FAR_S (INT64_MAX / SECOND_NS / 2)

struct since since_now(void)
{
	struct since now = {.at = tai64n_now()};
#ifdef CLOCK_BOOTTIME
	struct timespec up = {0, 0};

	if (clock_gettime(CLOCK_BOOTTIME, &up) == 0)
		now.up_ns = (int64_t)up.tv_sec * SECOND_NS + up.tv_nsec;
#endif
	return now;
}

static bool is_far(struct timespec at)
{
	return at.tv_sec < -FAR_S || at.tv_sec > FAR_S || at.tv_nsec < 0 ||
	       at.tv_nsec >= SECOND_NS;
}

static int64_t ns_of(struct timespec at)
{
	return (int64_t)at.tv_sec * SECOND_NS + at.tv_nsec;
}

int64_t since_set_ns(const struct since *then, const struct since *now)
{
	int64_t passed_ns, set_ns;

	if (then->up_ns <= 0 || then->up_ns > now->up_ns || is_far(then->at) ||
	    is_far(now->at))
		return 0;
	passed_ns = now->up_ns - then->up_ns;
	set_ns = ns_of(now->at) - passed_ns - ns_of(then->at);
	return set_ns > SECOND_NS || set_ns < -SECOND_NS ? set_ns : 0;
}

struct timespec since_add(struct timespec at, int64_t ns)
{
	int64_t sum_ns;

	if (ns == 0 || is_far(at) ||
	    __builtin_add_overflow(ns_of(at), ns, &sum_ns))
		return at;
	at.tv_sec = (time_t)(sum_ns / SECOND_NS);
	at.tv_nsec = (long)(sum_ns % SECOND_NS);
	if (at.tv_nsec < 0) {
		at.tv_sec--;
		at.tv_nsec += SECOND_NS;
	}
	return at;
}
