/*
 * surrender.h -- the end of all because one service gave up, or ended, and its
 * directory says so in "on-giving-up" or "on-exit".
 *
 * It is on record before the failure itself is: a supervisor that is killed
 * anywhere on the way to the end is followed by one that goes on there. The
 * record is of one era (era.h), and goes when all is over.
 */
#ifndef ENGINE_SURRENDER_H
#define ENGINE_SURRENDER_H

#include <stdbool.h>

#include "loop/loop.h"
#include "service/era.h"
#include "service/scan_control.h"
#include "service/supervise_dir.h"

/* Where the record of a supervisor is that has a scan directory, and of one
 * that has a service directory. */
#define SURRENDER_OF_SCAN    SCAN_DIR "/giving-up"
#define SURRENDER_OF_SERVICE SUPERVISE_DIR "/giving-up"

#define SURRENDER_REASON_SIZE 112 /* bytes */

struct surrender {
	/* Set by the owner before surrender_begin(), and borrowed. */
	struct loop *loop;
	const struct era *era; /* the own one */
	int dir_fd;            /* that `file` is relative to; may be AT_FDCWD */
	const char *file;      /* one of the two above */
	/* Stops all, to exit with `exit_code`. */
	void (*on_surrender)(struct surrender *surrender);
	void *owner;

	int exit_code; /* the one demanded; 0 while none is */
	char reason[SURRENDER_REASON_SIZE]; /* "": an earlier one knew it */
	/* The rest is that of surrender.c. */
	struct loop_timer timer;
};

/*
 * Goes on with what an earlier supervisor was killed over, if that was in this
 * era. True: it does, so nothing may be started, or what has ended for it
 * would come back.
 */
bool surrender_begin(struct surrender *surrender);

/*
 * The service `name` has given up, or ended, as `why` says, and demands the end
 * of all. Says so and puts
 * it on record; on_surrender() follows from the loop, as all this is amid a
 * step of that service. The first demand counts. A record that can't be made
 * is left at that: all ends as well, unless somebody is killed.
 */
void surrender_demand(struct surrender *surrender, const char *name,
		      const char *why, int exit_code);

/* It is over, or there was none: there is no record any more. */
void surrender_end(struct surrender *surrender);

#endif
