/*
 * pidfd_linux.h -- what Linux offers on a process held by a descriptor.
 *
 * Spelled out here because musl ships none of the kernel's headers.
 * Source: Linux, include/uapi/linux/pidfd.h; pidfd_open(2).
 */
#ifndef LOOP_PIDFD_LINUX_H
#define LOOP_PIDFD_LINUX_H

#include <stdbool.h>
#include <sys/types.h>

#include "loop/loop.h"

/* A descriptor, close-on-exec, for the process; or -1 with errno. */
int pidfd_get(pid_t pid);

/* Sends a signal. 0, or -1 with errno (ESRCH: it has ended). */
int pidfd_signal(int pidfd, int number);

/* The same to the process group whose number that process has, also when it has
 * ended. -1 with EINVAL: before Linux 6.9. */
int pidfd_signal_group(int pidfd, int number);

/* How our own child ended, which stays to be reaped. False: it isn't ours, or
 * hasn't ended. */
bool pidfd_peek(int pidfd, struct process_end *end);

/* Reaps our own child, if it has ended. */
void pidfd_reap(int pidfd);

/* Whether the process has ended, reaped or not. */
bool pidfd_has_ended(int pidfd);

/*
 * How a process of somebody else's ended that its parent hasn't reaped yet.
 * False: it was reaped, or we may not know (a process of another user).
 * Source: proc(5), /proc/PID/stat, field 52.
 */
bool pidfd_zombie_end(int pidfd, pid_t pid, struct process_end *end);

/*
 * How a process of somebody else's ended, from Linux 6.15 on and once its
 * parent has reaped it. False: not known, or not yet.
 */
bool pidfd_end(int pidfd, struct process_end *end);

#endif
