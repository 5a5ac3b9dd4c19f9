/*
 * notify.h -- encore's "notify": told of every start and end of a script.
 *
 * Its arguments are the script's name, what happened ("start", "exit",
 * "killed"), the process id, and the exit code or the signal: 0 of a start, -1
 * where nobody knows how it ended. Nobody waits for it, so two may overlap. It
 * is told of what happened once at most: not again by the next supervisor.
 *
 * Source: daemontools-encore's supervise page.
 */
#ifndef ENGINE_NOTIFY_H
#define ENGINE_NOTIFY_H

#include "engine/site.h"
#include "engine/standing.h"

#define NOTIFY_LIMIT_NS INT64_C(10000000000) /* then it is killed */

/* The phase's script has started, as standing->pid. */
void notify_start(struct site *site, const struct standing *standing);

/* The phase's script, standing->pid, has ended. */
void notify_end(struct site *site, const struct standing *standing,
		const struct process_end *end);

#endif
