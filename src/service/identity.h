/*
 * identity.h -- which process, beyond doubt: pid, start time, boot.
 *
 * A pid is given again, a start time is counted from boot, a boot id is given
 * once. supervise/process holds the identity of the last process that was
 * started, written by that process itself before it became the service; so
 * there is no instant at which a service runs and nothing on disk says so.
 *
 * Nothing here allocates: the writer is a child that shares its parent's
 * memory.
 */
#ifndef SERVICE_IDENTITY_H
#define SERVICE_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "service/state.h"

#define IDENTITY_SIZE_MAX 256 /* bytes: what is written always fits */

struct identity {
	char script[16]; /* which script it runs: "run" */
	int64_t number;  /* of this start, counted from 1 as state's starts */
	int64_t pid;
	int64_t start_ticks; /* since boot, as the kernel counts; -1: unknown */
	char boot_id[BOOT_ID_SIZE];
};

/* The id of this boot, or "unknown" where the system has none. */
void identity_boot_id(char out[BOOT_ID_SIZE]);

/* When the process with that pid started; -1 when it can't be told. */
int64_t identity_start_ticks(int64_t pid);

/* Whether the process with that pid has ended and wasn't reaped yet. */
bool identity_is_zombie(int64_t pid);

/* The record, one line, without a '\0'; returns its length. */
size_t identity_format(const struct identity *identity,
		       char out[IDENTITY_SIZE_MAX]);
/* False unless `text` is a line that has every field. */
bool identity_parse(const char *text, size_t len, struct identity *identity);

/* Replaces supervise/process in `dir_fd`. 0, or -1 with errno. */
int identity_write(int dir_fd, const struct identity *identity);
/* False: there is no such record, or none that can be understood. */
bool identity_read(int dir_fd, struct identity *identity);

/* Whether the record says enough to be told from any other process. */
bool identity_is_provable(const struct identity *identity);

/*
 * Whether that very process still exists (it may be a zombie). `boot_id` is
 * this boot's. What can't be proved is not taken for alive: signalling a
 * stranger would be worse than what identity.h's reader has the lock for.
 */
bool identity_is_alive(const struct identity *identity, const char *boot_id);

#endif
