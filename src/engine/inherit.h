/*
 * inherit.h -- what an earlier supervisor left of a service, for this one.
 */
#ifndef ENGINE_INHERIT_H
#define ENGINE_INHERIT_H

#include "base/problem.h"
#include "engine/recall.h"
#include "engine/service.h"

/*
 * Once the lock is held: whether what is on record can be gone on with. 0, or
 * -1 and why not: something runs, or may, that isn't to be touched (see
 * claim.h). Notes, and tells, who else can write in supervise/: see spawn.h on
 * what is started then.
 */
int inherit_look(struct service *service, struct problem *problem);

/* Fills in what is on record. */
void inherit_recall(struct service *service, struct recall *recall);

/* Why what was filled in can't be gone on with; NULL: it can. */
const char *inherit_obstacle(const struct recall *recall);

#endif
