/* oom_score_portable.c -- see oom_score.h, for systems without it. */
#include <errno.h>

#include "base/oom_score.h"

int oom_score_set(int64_t score)
{
	(void)score;
	errno = ENOSYS;
	return -1;
}

void oom_score_set_at_exec(int64_t score)
{
	(void)score;
}

bool oom_score_set_to_never(int64_t *before)
{
	(void)before;
	return false;
}
