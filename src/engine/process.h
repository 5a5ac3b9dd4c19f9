/*
 * process.h -- the process of a service: watched, told things, buried. One at a
 * time: a script of the service, whichever its phase is about.
 */
#ifndef ENGINE_PROCESS_H
#define ENGINE_PROCESS_H

#include "engine/site.h"

struct process {
	struct loop_process watch;
	/* Of the last one, until its end is on record: a supervisor that is
	 * killed before leaves it to whoever inherits its children. */
	struct loop_remains remains;
};

/* Before anything else: nothing runs. */
void process_begin(struct process *process);

/* Watches what was started, or found, by its pidfd if that isn't -1; tells
 * HAPPENED_END. 0, or -1 with errno, and then the descriptor is closed: see
 * loop_process_add(). */
int process_watch(struct process *process, struct site *site,
		  const struct spawned *spawned, bool is_child);
void process_forget(struct process *process, const struct site *site);

/* Sends one signal or two, the second 0 otherwise, to the process, or to all of
 * its group where that is meant or the directory wants it. */
void process_send(const struct process *process, const struct site *site,
		  const int signals[2], bool is_to_group);

/* How it ended is on record now: lets the kernel forget it. */
void process_bury(struct process *process);

#endif
