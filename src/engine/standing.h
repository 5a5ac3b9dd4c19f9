/*
 * standing.h -- how a service stands: all that is on record of it.
 *
 * What publish.h writes and recall.h reads back. Whoever is killed leaves the
 * next one this, and nothing else.
 */
#ifndef ENGINE_STANDING_H
#define ENGINE_STANDING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "loop/loop.h"
#include "service/control.h"
#include "service/machine.h"
#include "service/policy.h"
#include "service/since.h"

struct standing {
	struct machine machine;
	pid_t pid;           /* 0 when no process runs */
	int64_t start_ticks; /* of that process */
	/* On record, and not known to have been sent; 0: none. */
	int signals_due[2];
	bool is_due_to_group;   /* the first of them is for all of its group */
	bool is_rest_for_group; /* what a hook left in the FIFO is: orders.h */
	/* What is on record for the file "down", and not known to be done. */
	enum control_down_file down_file_due;
	struct since changed;     /* the last start or death */
	struct timespec ready_at; /* as the clock was at the last change */
	bool was_ready;           /* at any time */
	int64_t starts, deaths;
	int64_t last_pid; /* of the last "run" that ended */
	struct policy_memory memory;
	struct process_end last_end;
	struct timespec last_end_at; /* tv_sec 0: none yet */
};

#endif
