/*
 * takeover.h -- how supervision of a directory begins: service_open() takes the
 * lock and the FIFOs, service_begin() goes on from what is on record.
 */
#ifndef ENGINE_TAKEOVER_H
#define ENGINE_TAKEOVER_H

#include "base/problem.h"
#include "engine/service.h"

/*
 * Takes the directory over: the lock, the FIFOs. 0, or -1 with what is in the
 * way; then nothing is held. EAGAIN on the lock: somebody else supervises
 * there.
 */
int service_open(struct service *service, struct problem *problem);

/* Adopts the process that runs, or starts one if one is wanted. */
void service_begin(struct service *service);

#endif
