/*
 * processes.h -- the watched processes, found by pid.
 */
#ifndef LOOP_PROCESSES_H
#define LOOP_PROCESSES_H

#include <sys/wait.h>

#include "loop/loop.h"

#define PROCESS_BUCKETS 1024 /* a power of two */

struct processes {
	struct loop_process *buckets[PROCESS_BUCKETS];
};

void processes_add(struct processes *all, struct loop_process *process);
void processes_remove(struct loop_process *process);
/* NULL when nobody watches it. */
struct loop_process *processes_find(const struct processes *all, pid_t pid);

/* What waitid(2) said of a process that ended. */
struct process_end process_end_of(const siginfo_t *info);

#endif
