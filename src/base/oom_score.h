/*
 * oom_score.h -- how soon the kernel ends this process when memory is short.
 *
 * oom_score_linux.c and oom_score_portable.c offer the same; the build takes
 * one.
 */
#ifndef BASE_OOM_SCORE_H
#define BASE_OOM_SCORE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Sets how soon the process is ended when memory is short: -1000, never, to
 * 1000, first. 0, or -1 with errno: ENOSYS where the system has no such thing.
 */
int oom_score_set(int64_t score);

/* The same, for who is about to exec, which closes what this leaves open. */
void oom_score_set_at_exec(int64_t score);

/*
 * Sets it to never. True: it was another, which is in *before; else nothing
 * changes, as that is for root to do.
 */
bool oom_score_set_to_never(int64_t *before);

#endif
