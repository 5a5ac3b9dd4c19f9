/*
 * state.h -- supervise/state: all that is known of a service.
 *
 * Text for people and scripts, one KEY=VALUE a line, "holdfast=1" first; and
 * what the next supervisor reads to go on where this one was killed. What it
 * says of a process, that process wrote before it became the service's script;
 * so there is no instant at which a service runs and nothing on disk says so.
 */
#ifndef SERVICE_STATE_H
#define SERVICE_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/tai64n.h"
#include "service/era.h"
#include "service/machine.h"
#include "service/policy.h"

#define STATE_VERSION   1
#define STATE_SIZE_MAX  1600 /* bytes: what is written always fits */
#define STATE_TEXT_SIZE 128  /* bytes, with the '\0' */
#define STATE_NAME_SIZE 256  /* the same, of a service's name */

/* The members are as the file has them; state_of() fills in from a machine. */
struct state {
	int64_t version;
	struct era era; /* that all this is about */
	bool is_hosted; /* false: its supervisor let it go in good order */
	/* down, waiting, starting, up, finishing, active, stopping, gone */
	char phase[12];
	char want[8]; /* up, down, once */
	bool is_paused, is_term_sent, is_leaving, is_draining;
	bool is_ending, is_started, is_start_due, is_ready, is_failed;
	int64_t refused;
	int64_t start_due_ns, limit_ns; /* CLOCK_MONOTONIC */
	/* Waiting for others: the first that it waits for. Another one takes
	 * its place within half a second. With a process whose script can't be
	 * loaded: the file system that hangs, by where it is mounted, or the
	 * script. Else empty. */
	char waits_for[STATE_NAME_SIZE];
	int64_t pid;                            /* 0 when no process runs */
	int64_t start_ticks;                    /* of it: see identity.h */
	char changed_at[TAI64N_LABEL_SIZE + 1]; /* the last start or death */
	int64_t changed_up_ns; /* the same, since boot: see since.h; 0: unknown
				*/
	/* When it became ready; empty while it isn't, or can't say so. */
	char ready_at[TAI64N_LABEL_SIZE + 1];
	bool was_ready; /* it has become so since supervision began */
	/* What it says of itself, and whether it says that it ends. */
	char status_text[STATE_TEXT_SIZE];
	bool is_stopping;
	int64_t starts, deaths; /* since supervision began */
	int64_t last_pid;       /* of the last "run"; 0: none yet */
	struct policy_memory memory;
	/* The last death, if any: how is "exit", "signal" or "unknown". */
	char last_end[8];
	int64_t last_number; /* the exit code or the signal */
	bool has_dumped, was_starved;
	char last_end_at[TAI64N_LABEL_SIZE + 1];
	/* Signals that the wishes above demand and that may not have been sent
	 * yet, in this order; 0: none. The first is negative where both are
	 * for the whole process group. */
	int64_t signal_due, next_signal_due;
	/* The letters that are left in "control" are for the whole group. */
	bool is_rest_for_group;
	/* The same of the file "down": 1: to be made, 2: to be removed; 0. */
	int64_t down_file_due;
};

/* The text of `state`, at most STATE_SIZE_MAX - 1 bytes and a '\0'. */
size_t state_format(const struct state *state, char out[STATE_SIZE_MAX]);

/* Reads what it understands; the rest of `state` is zero. False: this isn't a
 * state file. */
bool state_parse(const char *text, size_t len, struct state *state);

/* The machine's part of a state, there and back. machine->want stays what it
 * was if the state's can't be understood. */
void state_from_machine(struct state *state, const struct machine *machine);
void state_to_machine(const struct state *state, struct machine *machine);

#endif
