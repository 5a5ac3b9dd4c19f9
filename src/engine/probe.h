/*
 * probe.h -- whether a service is ready that doesn't say so by itself.
 *
 * With a file "check" it is ready when that exits 0; without, when it has
 * stayed up for PROBE_UP_NS. Looked at only while somebody wants to know and
 * the service runs and isn't ready: others are never asked, and have no timer.
 */
#ifndef ENGINE_PROBE_H
#define ENGINE_PROBE_H

#include "engine/site.h"

#define PROBE_UP_NS    INT64_C(1000000000)
#define PROBE_AGAIN_NS INT64_C(500000000)  /* after a check that said no */
#define PROBE_LIMIT_NS INT64_C(5000000000) /* for a check; then it said no */

struct probe {
	struct loop_timer timer;
	unsigned watchers; /* kept when the service is let go */
	pid_t checked_pid; /* 0: no check runs */
};

/* Somebody waits for it to be ready, until probe_unwatch(): counted. */
void probe_watch(struct probe *probe, struct site *site);
void probe_unwatch(struct probe *probe, struct site *site);

/* The service may stand differently now. When it is found to be ready:
 * HAPPENED_READY. */
void probe_update(struct probe *probe, struct site *site);

/* The service is let go. */
void probe_end(struct probe *probe, const struct site *site);

#endif
