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
 * failure is said; the service runs all the same, and never becomes ready, nor
 * is it late for that.
 */
void ready_listen(struct service *service, bool is_new);

/* It is ready, or has ended. */
void ready_close(struct service *service);

/* Whether it has a way to say so by itself. */
bool ready_is_said(const struct service *service);

/*
 * Somebody waits for it to be ready, until ready_unwatch(): counted. Only then
 * are services that say nothing found out about; see probe.h.
 */
void ready_watch(struct service *service);
void ready_unwatch(struct service *service);

/*
 * Of a process that is about to be adopted, and not ready: whether it has
 * closed its descriptor while no supervisor had the other end. A line goes with
 * the last who has the pipe open, so it may have come and be lost; and who
 * closes it without one could only have meant never to be ready.
 */
bool ready_was_missed(const struct service *service);

#endif
