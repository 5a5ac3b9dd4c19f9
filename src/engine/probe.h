/*
 * probe.h -- whether a service is ready that doesn't say so by itself.
 *
 * With a file "check" it is ready when that exits 0; without, when it has
 * stayed up for PROBE_UP_NS. Looked at only while somebody wants to know (see
 * ready_watch()) and the service runs and isn't ready: others are never asked,
 * and have no timer.
 */
#ifndef ENGINE_PROBE_H
#define ENGINE_PROBE_H

#include "engine/service.h"

#define PROBE_UP_NS    INT64_C(1000000000)
#define PROBE_AGAIN_NS INT64_C(500000000)  /* after a check that said no */
#define PROBE_LIMIT_NS INT64_C(5000000000) /* for a check; then it said no */

/* The service, or the interest in it, may stand differently now. */
void probe_update(struct service *service);

#endif
