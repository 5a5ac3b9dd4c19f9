/* moment.h -- which of two moments is the earlier one. */
#ifndef READ_MOMENT_H
#define READ_MOMENT_H

#include <stdbool.h>
#include <time.h>

static inline bool moment_is_before(struct timespec a, struct timespec b)
{
	if (a.tv_sec != b.tv_sec)
		return a.tv_sec < b.tv_sec;
	return a.tv_nsec < b.tv_nsec;
}

#endif
