/*
 * proc_stat.h -- what the kernel tells of a process in /proc/PID/stat.
 *
 * Nothing here allocates: one reader is a child that shares its parent's
 * memory. Where there is no /proc, nothing is known of any process.
 * Source: proc(5).
 */
#ifndef BASE_PROC_STAT_H
#define BASE_PROC_STAT_H

#include <stdbool.h>
#include <stdint.h>

struct proc_stat {
	int64_t pid;         /* as those outside of its namespace know it */
	int64_t parent_pid;  /* -1: it can't be told */
	char state;          /* 'Z': it has ended, and wasn't reaped yet */
	int64_t start_ticks; /* since boot, as the kernel counts */
	int64_t exit_status; /* as wait(2) gives it; -1: older kernels */
};

/* Understands the text of such a file; false: it is none, or cut too early. */
bool proc_stat_parse(const char *text, struct proc_stat *stat);

/*
 * Reads it. False: there is no such process, or it can't be told. The kernel
 * shows `exit_status` as 0 to those who may not trace the process.
 */
bool proc_stat_read(int64_t pid, struct proc_stat *stat);
/* The same for the calling process. */
bool proc_stat_read_own(struct proc_stat *stat);

#endif
