/*
 * era.h -- the era that a process number belongs to: this boot of the kernel,
 * this pid namespace, and this process 1.
 *
 * A container that was killed and is started again has the boot id of its
 * machine, and often the inode of the namespace that it had; but its process 1
 * started anew, and with the one before all that it could reach has ended. So
 * that is another era, as another boot is: nothing of the last one is alive.
 *
 * Of a namespace that is neither this one nor to be seen from it, nobody here
 * can tell whether it still is. The machine's own namespace is there as long as
 * the machine; any other is taken for one that has gone, as containers that
 * come back are many, and those that take turns at one directory are few.
 * Source: Linux, include/linux/proc_ns.h; namespaces(7), time_namespaces(7).
 */
#ifndef SERVICE_ERA_H
#define SERVICE_ERA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "service/record.h"

#define BOOT_ID_SIZE 37 /* bytes, with the '\0' */

struct era {
	char boot_id[BOOT_ID_SIZE]; /* "unknown" where nothing can be proved */
	/* Inodes; 0: not known, as to versions that didn't write it down. */
	int64_t pid_namespace, time_namespace;
	int64_t init_ticks; /* when process 1 started; not above 0: not known */
};

/* For tables of record.h: of a struct era that lies `at` so many bytes. */
#define ERA_FIELDS(at)                                                         \
	{RECORD_NUMBER, "pid-namespace",                                       \
	 (at) + offsetof(struct era, pid_namespace), 0},                       \
		{RECORD_NUMBER, "time-namespace",                              \
		 (at) + offsetof(struct era, time_namespace), 0},              \
		{RECORD_NUMBER, "init-start",                                  \
		 (at) + offsetof(struct era, init_ticks), 0},                  \
	{                                                                      \
		RECORD_TEXT, "boot", (at) + offsetof(struct era, boot_id),     \
			BOOT_ID_SIZE                                           \
	}

enum era_relation {
	ERA_SAME,
	ERA_OVER,      /* nothing of it is alive */
	ERA_ELSEWHERE, /* it goes on, where it can't be looked at */
	ERA_UNSEEN,    /* over, unless its process 1 is found */
};

/* The era that the caller belongs to. Its boot is "unknown" where the system
 * tells none, and where /proc is that of another pid namespace: the numbers
 * there are not those of kill(2). */
void era_read(struct era *era);

/* Whether its process numbers are those that the kernel itself uses. */
bool era_is_of_machine(const struct era *era);

/* Whether anything can be proved in it. */
bool era_is_known(const struct era *era);

/* How the era on record stands to the own one, without a look at the system.
 */
enum era_relation era_relate(const struct era *recorded, const struct era *own);

/* Whether start times of both count from the same moment: those that are told
 * in another time namespace are shifted. */
bool era_has_same_clock(const struct era *recorded, const struct era *own);

/* The own era, and what was found out about another. */
struct eras {
	struct era own;
	int64_t began_ticks; /* when this program asked; 0: not known */
	/* The last one that was looked for, as many records are of the same. */
	struct era sought;
	bool is_found;
	int64_t sought_at_ns; /* CLOCK_MONOTONIC; 0: none was */
};

void eras_begin(struct eras *eras);

/* As era_relate(), but never ERA_UNSEEN: it is looked for. */
enum era_relation eras_relate(struct eras *eras, const struct era *recorded);

#endif
