/*
 * identity.h -- which process, beyond doubt: pid, start time, era.
 *
 * A pid is given again, a start time is counted from boot, and both mean
 * something in one era only (see era.h). All three together are on record in
 * supervise/state.
 *
 * Nothing here allocates: the writer of that record is a child that shares its
 * parent's memory.
 */
#ifndef SERVICE_IDENTITY_H
#define SERVICE_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "service/era.h"

struct identity {
	int64_t pid;
	int64_t start_ticks; /* since boot, as the kernel counts; -1: unknown */
	struct era era;
};

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
 * Whether that very process still exists (it may be a zombie), for those who
 * only show it: who would act on that asks engine/claim.h. `own` is the era of
 * the caller.
 */
bool identity_is_alive(const struct identity *identity, const struct era *own);

#endif
