/*
 * life.h -- the process of a service begins and ends: what that changes in how
 * the service stands, and who is told.
 */
#ifndef ENGINE_LIFE_H
#define ENGINE_LIFE_H

#include "engine/service.h"

/* The script of the machine's phase is about to start: from here on a start is
 * pending, until life_begun(). */
void life_begin(struct service *service);

/* It runs now. 0; or -1 with errno: it doesn't, or can't be watched, which is
 * as good as not. */
int life_begun(struct service *service, const struct spawned *spawned);

/* Waits for the service to be ready, in the ways that it may say so by a FIFO
 * or socket; `is_new`: it is about to start, else it was adopted. */
void life_listen(struct service *service, bool is_new);

/* The process has ended. What is on record of the last end is that of the
 * service itself, not of the scripts that tidy up. */
void life_end(struct service *service, struct process_end end);

#endif
