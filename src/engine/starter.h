/*
 * starter.h -- starts of many processes, side by side.
 *
 * Each start waits until its child has become the script. Where many are to be
 * made, at boot or after many deaths at once, a few threads wait at the same
 * time; they do nothing else, touch nothing but their own job, and end with
 * it: a supervisor at rest has one thread. A few starts are made one after the
 * other, without any.
 */
#ifndef ENGINE_STARTER_H
#define ENGINE_STARTER_H

#include "engine/service.h"

#define STARTER_JOBS 32 /* that are gathered before they are made */

struct starter {
	struct spawner *spawner;
	struct keeper *keeper; /* what is started may rely on it */
	struct service *jobs[STARTER_JOBS];
	unsigned count;
};

/* The service's script will be started by starter_flush(), at the latest when
 * the next one doesn't fit. Its site is told HAPPENED_START. */
void starter_add(struct starter *starter, struct service *service);

/* Makes all starts that were gathered. */
void starter_flush(struct starter *starter);

/* The same, at once, where there is no starter. */
void starter_make(struct service *service);

#endif
