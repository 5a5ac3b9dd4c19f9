/*
 * recall.h -- what the files in supervise/ say of an earlier supervisor.
 *
 * Reads only; decides nothing that the state machine decides.
 */
#ifndef ENGINE_RECALL_H
#define ENGINE_RECALL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "loop/loop.h"
#include "service/control.h"
#include "service/identity.h"
#include "service/machine.h"
#include "service/state.h"

struct recall {
	struct machine machine;
	pid_t pid; /* of the process that is alive; 0: none is */
	/* Of the last process that is known of, alive or not; else zero. */
	struct identity identity;
	int signals_due[2]; /* what `pid` may still have to be sent; 0: none */
	bool is_due_to_group;   /* they are for all of its group */
	bool is_rest_for_group; /* see state.h */
	enum control_down_file down_file_due; /* see state.h */
	struct timespec changed_at, ready_at;
	int64_t last_pid;
	char status_text[STATE_TEXT_SIZE];
	bool is_stopping;
	struct policy_memory memory;
	int64_t starts, deaths;
	struct process_end last_end;
	struct timespec last_end_at;
};

/*
 * Fills in how a service stands, from "state" in supervise/. An
 * earlier supervisor's wishes count if it was killed in this very boot (not if
 * it let go in good order); otherwise `is_down_wanted` does, as at first sight.
 * phase is MACHINE_UP when a process is alive, and also when one was on record
 * and is gone. A process of a killed supervisor of daemontools or runit is
 * found through "status". Cannot fail: what can't be read counts as absent.
 */
void recall_service(int dir_fd, const char *boot_id, bool is_down_wanted,
		    struct recall *recall);

/* The same where nothing is on record. */
void recall_nothing(bool is_down_wanted, struct recall *recall);

/* Whether a supervisor was killed over that directory in this boot. */
bool recall_was_hosted(int dir_fd, const char *boot_id);

#endif
