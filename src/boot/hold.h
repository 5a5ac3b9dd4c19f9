/*
 * hold.h -- the descriptors that svscanboot keeps open for svscan: a table, and
 * the door to it. See service/keeping.h.
 *
 * Nothing is ever read from them, nothing is allocated, and nobody is waited
 * for. A descriptor is kept once, however often it comes. What is kept
 * outlives any svscan, and ends with this process.
 */
#ifndef BOOT_HOLD_H
#define BOOT_HOLD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

#include "service/keeping.h"

#define HOLD_MOST    65536 /* pages that nothing is in take no memory */
#define HOLD_BUCKETS 4096  /* a power of two */

struct held {
	struct keeping_name name;
	int fd;        /* owned */
	uint32_t next; /* in its bucket, or the free ones; 0: none */
	bool is_socket;
	bool is_named; /* by the svscan that runs now */
};

struct hold {
	int door_fd, guest_fd; /* owned: our end, and svscan's; -1: none */
	unsigned most;         /* how many are kept at the most */
	struct rlimit limit;   /* of descriptors, as this process got it */
	bool has_raised_limit; /* and what it starts is to have that */
	struct held all[HOLD_MOST + 1]; /* the first is none */
	uint32_t used;                  /* so many of them were taken, ever */
	uint32_t free; /* and these given back: the first of them */
	uint32_t count;
	uint32_t buckets[HOLD_BUCKETS];
};

/* Opens the door, and raises the limit of descriptors. Where there can be no
 * door, nothing is kept. */
void hold_open(struct hold *hold);

/* Does what svscan has asked for. */
void hold_serve(struct hold *hold);

/*
 * No svscan runs, and one is about to start: does what the last one asked for,
 * and puts back into the door what that one has left there, with all the
 * sockets there are.
 */
void hold_prepare(struct hold *hold);

/* In the child that is to be svscan: its end of the door is inherited. Returns
 * the entry for its environment, which is static; NULL: there is no door. */
char *hold_hand_down(const struct hold *hold);

/* In any child: the limit of descriptors that this process got. */
void hold_restore_limit(const struct hold *hold);

#endif
