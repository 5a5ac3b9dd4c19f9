/*
 * shelter.h -- where the state of a service goes that its directory can't hold.
 *
 * A service begins in its own directory, as nearly all do, and that costs
 * nothing. What fails there for want of a file system that can be written, or
 * of rights, is tried once more in the place that stands for the directory
 * (service/state_place.h). From then on state_fd of the site is that place;
 * locks, records and FIFOs there are what they are in a service directory.
 */
#ifndef ENGINE_SHELTER_H
#define ENGINE_SHELTER_H

#include <stdbool.h>

#include "base/problem.h"
#include "engine/service.h"

/* The directory is open as `dir_fd`, which stays the caller's; its scripts run
 * in `home_fd`. */
void shelter_begin(struct site *site, int dir_fd, int home_fd);

/* Closes what was taken. */
void shelter_leave(struct site *site);

/* What couldn't be done in the directory failed with `error`. True: it may be
 * tried once more, state_fd is another one. */
bool shelter_take(struct site *site, int error);

/* Makes supervise/, there or here, where it is missing; what can't be is seen
 * when something is to be put into it. */
void shelter_make(struct site *site);

/* Takes one at once if it will be needed; for those who read what is on record
 * before the service is opened. */
void shelter_look(struct site *site);

/* service_open() there or here. */
int shelter_open_service(struct service *service, struct problem *problem);

#endif
