/*
 * shortage.h -- whether the kernel killed a process because memory was short.
 *
 * The end of the process doesn't tell. The kernel's log does, by its number: on
 * the machine itself, that is, and to who may read the log, which as a rule is
 * root. When a service dies of KILL, the end of it is looked at, unless nothing
 * was logged since the last look. What isn't found there is not known, and not
 * said.
 *
 * Two implementations: shortage_linux.c, and shortage_portable.c, which knows
 * of no such deaths. Source: syslog(2); Linux, mm/oom_kill.c.
 */
#ifndef ENGINE_SHORTAGE_H
#define ENGINE_SHORTAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "service/era.h"

/* What was seen in the log; all zeros: nothing yet. */
struct shortage {
	int log_fd;       /* owned; 0: not opened; -1: it can't be */
	bool has_victims; /* among what was there at the last look */
};

/*
 * Whether that process, which died of KILL and started `started_ns` after the
 * boot (0: not known), did so for want of memory. `own` is this process's era.
 */
bool shortage_killed(struct shortage *shortage, const struct era *own,
		     pid_t pid, int64_t started_ns);

/* Whether a line of the log says so. A pure function; Linux only. */
bool shortage_is_told(const char *line, pid_t pid, int64_t started_ns);

#endif
