/*
 * identity.h -- which process, beyond doubt: pid, start time, boot.
 *
 * A pid is given again, a start time is counted from boot, a boot id is given
 * once. All three together are on record in supervise/state.
 *
 * Nothing here allocates: the writer of that record is a child that shares its
 * parent's memory.
 */
#ifndef SERVICE_IDENTITY_H
#define SERVICE_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "service/state.h"

struct identity {
	int64_t pid;
	int64_t start_ticks; /* since boot, as the kernel counts; -1: unknown */
	char boot_id[BOOT_ID_SIZE];
};

/* The id of this boot, or "unknown" where the system has none. */
void identity_boot_id(char out[BOOT_ID_SIZE]);

/* Fills in pid and start time of the calling process, which may be process 1 of
 * a namespace: the pid is the one that those outside know. */
void identity_own(struct identity *identity);

/* When the process with that pid started; -1 when it can't be told. */
int64_t identity_start_ticks(int64_t pid);

/* Whether the process with that pid has ended and wasn't reaped yet. */
bool identity_is_zombie(int64_t pid);

/* Whether that says enough to be told from any other process. */
bool identity_is_provable(const struct identity *identity);

/*
 * Whether that very process still exists (it may be a zombie). `boot_id` is
 * this boot's. What can't be proved is not taken for alive: signalling a
 * stranger would be worse than what identity.h's reader has the lock for.
 */
bool identity_is_alive(const struct identity *identity, const char *boot_id);

#endif
