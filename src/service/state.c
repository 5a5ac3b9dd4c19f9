/* state.c -- see state.h. */
#include <stdio.h>
#include <string.h>

#include "service/record.h"
#include "service/state.h"

#define NUMBER(key, member)                                                    \
	{                                                                      \
		RECORD_NUMBER, key, offsetof(struct state, member), 0          \
	}
#define FLAG(key, member)                                                      \
	{                                                                      \
		RECORD_FLAG, key, offsetof(struct state, member), 0            \
	}
#define TEXT(key, member)                                                      \
	{                                                                      \
		RECORD_TEXT, key, offsetof(struct state, member),              \
			sizeof(((struct state *)NULL)->member)                 \
	}

/* clang-format off */
static const struct record_field fields[] = {
	NUMBER("holdfast", version),
	TEXT("phase", phase),
	TEXT("want", want),
	TEXT("waits-for", waits_for),
	NUMBER("pid", pid),
	NUMBER("pid-start", start_ticks),
	TEXT("since", changed_at),
	NUMBER("since-ns", changed_up_ns),
	FLAG("paused", is_paused),
	FLAG("term-sent", is_term_sent),
	FLAG("leaving", is_leaving),
	FLAG("draining", is_draining),
	FLAG("ready", is_ready),
	TEXT("ready-since", ready_at),
	FLAG("was-ready", was_ready),
	FLAG("failed", is_failed),
	TEXT("status-text", status_text),
	FLAG("stopping", is_stopping),
	NUMBER("starts", starts),
	NUMBER("deaths", deaths),
	TEXT("last-end", last_end),
	NUMBER("last-end-number", last_number),
	FLAG("last-end-core", has_dumped),
	FLAG("last-end-oom", was_starved),
	TEXT("last-end-at", last_end_at),
	NUMBER("last-pid", last_pid),
	NUMBER("refused-starts", refused),
	NUMBER("restart-streak", memory.streak),
	NUMBER("restart-window", memory.window_restarts),
	NUMBER("restart-window-ns", memory.window_began_ns),
	FLAG("started", is_started),
	FLAG("ending", is_ending),
	FLAG("once-more", is_start_due),
	NUMBER("start-due-ns", start_due_ns),
	NUMBER("limit-ns", limit_ns),
	NUMBER("signal-due", signal_due),
	NUMBER("next-signal-due", next_signal_due),
	FLAG("rest-for-group", is_rest_for_group),
	NUMBER("down-file-due", down_file_due),
	FLAG("hosted", is_hosted),
	ERA_FIELDS(offsetof(struct state, era)), /* the boot comes last: it is whole */
	{RECORD_END, NULL, 0, 0},
};

static const char *const phases[MACHINE_PHASE_COUNT] = {
	[MACHINE_DOWN] = "down",
	[MACHINE_WAITING] = "waiting",
	[MACHINE_STARTING] = "starting",
	[MACHINE_UP] = "up",
	[MACHINE_FINISHING] = "finishing",
	[MACHINE_ACTIVE] = "active",
	[MACHINE_STOPPING] = "stopping",
	[MACHINE_GONE] = "gone",
};
/* clang-format on */

size_t state_format(const struct state *state, char out[STATE_SIZE_MAX])
{
	struct strb text = strb_on(out, STATE_SIZE_MAX);

	record_write(&text, fields, state, '\n');
	return text.len;
}

bool state_parse(const char *text, size_t len, struct state *state)
{
	static const char magic[] = "holdfast=";

	memset(state, 0, sizeof(*state));
	if (len < sizeof(magic) - 1 ||
	    memcmp(text, magic, sizeof(magic) - 1) != 0)
		return false;
	record_read(text, len, fields, state, '\n');
	return state->version >= 1;
}

static const char *want_name(enum machine_want want)
{
	switch (want) {
	case MACHINE_WANT_UP: return "up";
	case MACHINE_WANT_DOWN: return "down";
	case MACHINE_WANT_ONCE: break;
	}
	return "once";
}

static enum machine_want want_of(const char *name, enum machine_want otherwise)
{
	static const enum machine_want wants[] = {
		MACHINE_WANT_UP, MACHINE_WANT_DOWN, MACHINE_WANT_ONCE};

	for (size_t i = 0; i < sizeof(wants) / sizeof(wants[0]); i++) {
		if (strcmp(name, want_name(wants[i])) == 0)
			return wants[i];
	}
	return otherwise;
}

void state_from_machine(struct state *state, const struct machine *machine)
{
	snprintf(state->phase, sizeof(state->phase), "%s",
		 phases[machine->phase]);
	snprintf(state->want, sizeof(state->want), "%s",
		 want_name(machine->want));
	state->is_paused = machine->is_paused;
	state->is_term_sent = machine->is_term_sent;
	state->is_leaving = machine->is_leaving;
	state->is_draining = machine->is_draining;
	state->is_ending = machine->is_ending;
	state->is_started = machine->is_started;
	state->is_start_due = machine->is_start_due;
	state->is_ready = machine->is_ready;
	state->is_failed = machine->is_failed;
	state->limit_ns = machine->limit_ns;
	state->refused = machine->refused;
	state->start_due_ns = machine->start_due_ns;
}

void state_to_machine(const struct state *state, struct machine *machine)
{
	enum machine_want want = machine->want;

	memset(machine, 0, sizeof(*machine));
	/* A phase that this version doesn't know is as good as down. */
	machine->phase = MACHINE_DOWN;
	for (int i = 0; i < MACHINE_GONE; i++) {
		if (strcmp(state->phase, phases[i]) == 0)
			machine->phase = (enum machine_phase)i;
	}
	machine->want = want_of(state->want, want);
	/* What was tampered with must not start what is wanted down. */
	if (machine->phase == MACHINE_WAITING &&
	    machine->want == MACHINE_WANT_DOWN)
		machine->phase = MACHINE_DOWN;
	machine->is_paused = state->is_paused;
	machine->is_term_sent = state->is_term_sent;
	/* A stop that its supervisor didn't live to finish is over: the input
	 * of that logger doesn't end any more. */
	machine->is_leaving = state->is_leaving && !state->is_draining;
	machine->is_ending = state->is_ending;
	machine->is_started = state->is_started;
	machine->is_start_due = state->is_start_due;
	machine->is_ready = state->is_ready;
	machine->is_failed = state->is_failed;
	machine->start_due_ns = state->start_due_ns;
	machine->limit_ns = state->limit_ns;
}
