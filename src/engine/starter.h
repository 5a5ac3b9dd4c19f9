/*
 * starter.h -- starts of services' scripts, many side by side.
 *
 * Where many are to be made, at boot or after many deaths at once, they are
 * gathered and made together: see launch.h. A service whose script is still
 * loading when the others are done is one that runs; its site says what it
 * `hangs_at`, and is told HAPPENED_LOADED when that is over. To one that is to
 * leave meanwhile, and doesn't, HAPPENED_STUCK is told.
 */
#ifndef ENGINE_STARTER_H
#define ENGINE_STARTER_H

#include "engine/service.h"

#define STARTER_JOBS 32 /* that are gathered before they are made */

struct starter {
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

/* The process of a service has ended, or is nobody's business any more: whether
 * its script is loading doesn't matter to the service from now on. */
void starter_forget(struct service *service);

#endif
