/*
 * happening.h -- what the parts of a service report, each by its site's tell().
 */
#ifndef ENGINE_HAPPENING_H
#define ENGINE_HAPPENING_H

#include <stdbool.h>

#include "loop/loop.h"

struct spawned;

enum happened {
	HAPPENED_READY,      /* it said so, or was found to be */
	HAPPENED_TEXT,       /* what it says of itself is another */
	HAPPENED_HOOK,       /* that of `letter` is over; is_done: it did all */
	HAPPENED_HOOKS_OVER, /* none is awaited any more */
	HAPPENED_ORDERS,     /* some have come, and are to be read */
	HAPPENED_ORDER,  /* `letter` is to be obeyed, by whom is_for_* say */
	HAPPENED_REST,   /* what waits for a hook is now for whom they say */
	HAPPENED_START,  /* of `spawned`; pid -1: it failed, see errno */
	HAPPENED_LOADED, /* the script of its process is */
	HAPPENED_STUCK,  /* it is to leave, but its script is still loading */
	HAPPENED_END,    /* of the process, as `end` has it */
	HAPPENED_DELAY,  /* what couldn't be written is to be tried again */
};

/* What doesn't belong to its kind is zero. */
struct happening {
	enum happened kind;
	char letter;
	bool is_done;
	bool is_for_logger, is_for_group;
	const struct spawned *spawned;
	struct process_end end;
};

#endif
