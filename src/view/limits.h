/* limits.h -- the resource limits that a process has: /proc/PID/limits. */
#ifndef VIEW_LIMITS_H
#define VIEW_LIMITS_H

#include <stdint.h>

#define LIMITS_TEXT 32 /* bytes */

struct limit {
	char name[LIMITS_TEXT];                    /* "open files" */
	char soft[LIMITS_TEXT], hard[LIMITS_TEXT]; /* or "unlimited" */
};

/*
 * Calls `take` for each limit of the process. Nothing where the system doesn't
 * tell, or not this user.
 */
void limits_each(int64_t pid,
		 void (*take)(void *owner, const struct limit *limit),
		 void *owner);

#endif
