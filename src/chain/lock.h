/*
 * lock.h -- a lock that lasts as long as the programs that hold it.
 *
 * It belongs to a descriptor that is passed on, so the kernel drops it when
 * every process that shares the descriptor has closed it or ended.
 */
#ifndef CHAIN_LOCK_H
#define CHAIN_LOCK_H

#include <stdbool.h>

/*
 * Opens the file, making it if need be, and locks it; where `is_waiting`, when
 * it is free. NULL, or what could not be done, with errno: "open" or "lock".
 * The descriptor, *fd, stays open for good, across exec.
 */
const char *lock_take(const char *path, bool is_waiting, int *fd);

#endif
