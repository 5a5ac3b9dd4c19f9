/*
 * presence.h -- supervise/ok, by which others see that a service is supervised.
 */
#ifndef ENGINE_PRESENCE_H
#define ENGINE_PRESENCE_H

#include "engine/site.h"

struct presence {
	int ok_fd;     /* owned; -1: "ok" is another name of "control" */
	bool is_first; /* nothing was on record here before; no "ok" so far */
};

/* Makes "ok", for the FIFO of orders. 0, or -1 with errno. */
int presence_make(struct presence *presence, const struct site *site,
		  int control_fd);

/* The same, if that wasn't done yet: where nothing was on record before, it
 * comes with the first record. A failure is said. */
void presence_offer(struct presence *presence, const struct site *site,
		    int control_fd);

/* The modes in supervise/ may have changed: makes "ok" what they ask for. */
void presence_renew(struct presence *presence, const struct site *site,
		    int control_fd);

void presence_close(struct presence *presence);

#endif
