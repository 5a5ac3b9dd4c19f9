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

#include "engine/site.h"

struct ready {
	struct loop_watch watch;
};

/*
 * Listens, if the directory says that its service will speak. `is_new`: a
 * process is about to start, and what earlier ones wrote counts no more. A
 * failure is said; the service runs all the same, and never becomes ready, nor
 * is it late for that. When it has said so: HAPPENED_READY.
 */
void ready_listen(struct ready *ready, struct site *site, bool is_new);

/* It is ready, or has ended. */
void ready_close(struct ready *ready, struct site *site);

/* Whether it has a way to say so by itself. */
bool ready_is_said(const struct site *site);

/*
 * Of a process that is about to be adopted, and not ready: whether it has
 * closed its descriptor while no supervisor had the other end. A line goes with
 * the last who has the pipe open, so it may have come and be lost; and who
 * closes it without one could only have meant never to be ready.
 */
bool ready_was_missed(const struct site *site);

#endif
