/*
 * inherit.h -- what an earlier supervisor left of a service, for this one.
 */
#ifndef ENGINE_INHERIT_H
#define ENGINE_INHERIT_H

#include "engine/recall.h"
#include "engine/service.h"

/*
 * Once the lock is held: whether what is on record can be gone on with. NULL,
 * or why not: something runs, or may, that isn't to be touched (see claim.h).
 * Notes, and tells, who else can write in supervise/: see spawn.h on what is
 * started then.
 */
const struct service_trouble *inherit_look(struct service *service);

/* Fills in what is on record. */
void inherit_recall(struct service *service, struct recall *recall);

/* The same as inherit_look() for what was filled in. */
const struct service_trouble *inherit_trouble(const struct recall *recall);

#endif
