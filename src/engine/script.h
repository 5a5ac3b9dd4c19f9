/*
 * script.h -- starting the script of a service's phase.
 */
#ifndef ENGINE_SCRIPT_H
#define ENGINE_SCRIPT_H

#include "engine/service.h"

/* Starts the script that the machine's phase is named for. See spawn(). */
int script_start(struct service *service, struct spawned *spawned);

/* What that script is called. */
const char *script_name(const struct service *service);

#endif
