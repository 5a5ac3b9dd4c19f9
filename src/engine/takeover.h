/*
 * takeover.h -- how supervision of a directory begins: service_open() takes the
 * lock and the FIFOs, service_begin() goes on from what is on record. Both are
 * in service.h, as whoever hosts services calls them.
 */
#ifndef ENGINE_TAKEOVER_H
#define ENGINE_TAKEOVER_H

#include "engine/service.h"

/* Says by "ok" that there is a supervisor, if it hasn't yet: where nothing was
 * on record before, that comes with the first record. */
void takeover_offer_ok(struct service *service);

/* The modes in supervise/ may have changed: makes "ok" what they ask for. */
void takeover_renew_ok(struct service *service);

#endif
