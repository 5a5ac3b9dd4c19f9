/*
 * ready.h -- how a service says that it is ready: a line on a descriptor of its
 * choice (s6's notification-fd).
 *
 * The descriptor is a FIFO, supervise/ready, which the service opens for
 * reading too: a supervisor that is killed breaks nothing, and the next one
 * finds what was written meanwhile, as long as the service keeps it open.
 */
#ifndef ENGINE_READY_H
#define ENGINE_READY_H

#include "engine/service.h"

/*
 * Listens, if the directory says that its service will speak. `is_new`: a
 * process is about to start, and what earlier ones wrote counts no more. A
 * failure is said; the service runs all the same, and never becomes ready.
 */
void ready_listen(struct service *service, bool is_new);

/* It is ready, or has ended. */
void ready_close(struct service *service);

#endif
