/* shortage_portable.c -- see shortage.h, for systems that don't tell. */
#include "engine/shortage.h"

bool shortage_killed(struct shortage *shortage, const struct era *own,
		     pid_t pid, int64_t started_ns)
{
	(void)shortage;
	(void)own;
	(void)pid;
	(void)started_ns;
	return false;
}
