/* fuzz_state.c -- any supervise/state: what is read of it, and what follows. */
#include <signal.h>
#include <string.h>

#include "fuzz.h"
#include "service/state.h"

#define NOW_NS INT64_C(86400000000000)

static void check_members(const struct state *state)
{
	MUST(IS_TEXT(state->era.boot_id));
	MUST(IS_TEXT(state->phase));
	MUST(IS_TEXT(state->want));
	MUST(IS_TEXT(state->changed_at));
	MUST(IS_TEXT(state->last_end));
	MUST(IS_TEXT(state->last_end_at));
}

/* What was read can be written, and reads as the same. */
static void check_round_trip(const struct state *state)
{
	char text[STATE_SIZE_MAX], again[STATE_SIZE_MAX];
	size_t len = state_format(state, text);
	struct state reread;

	MUST(len > 0 && len < sizeof(text) && strlen(text) == len);
	MUST(text[len - 1] == '\n');
	MUST(state_parse(text, len, &reread));
	MUST(state_format(&reread, again) == len);
	MUST(memcmp(text, again, len) == 0);
	MUST(reread.pid == state->pid && reread.starts == state->starts);
	MUST(reread.is_hosted == state->is_hosted);
}

static void check_machine(const struct machine *machine)
{
	MUST(machine->phase < MACHINE_GONE);
	MUST(machine->want == MACHINE_WANT_UP ||
	     machine->want == MACHINE_WANT_DOWN ||
	     machine->want == MACHINE_WANT_ONCE);
	MUST(machine->phase != MACHINE_WAITING ||
	     machine->want != MACHINE_WANT_DOWN);
}

/* The machine's part survives the way through a file. */
static void check_machine_round_trip(const struct machine *machine)
{
	char text[STATE_SIZE_MAX];
	struct state state = {.version = STATE_VERSION};
	struct machine again = {.want = MACHINE_WANT_UP};

	state_from_machine(&state, machine);
	MUST(state_parse(text, state_format(&state, text), &state));
	state_to_machine(&state, &again);
	MUST(again.phase == machine->phase && again.want == machine->want);
	MUST(again.is_paused == machine->is_paused);
	MUST(again.is_term_sent == machine->is_term_sent);
	MUST(again.is_leaving == machine->is_leaving);
	MUST(again.start_due_ns == machine->start_due_ns);
}

/* What machine.h promises of one step, whatever state it begins in. */
static void check_step(struct machine machine, enum machine_event event,
		       char letter)
{
	enum machine_phase before = machine.phase;
	struct machine_step step =
		machine_step(&machine, event, letter, NOW_NS);

	MUST(machine.phase < MACHINE_PHASE_COUNT);
	for (int i = 0; i < 2; i++)
		MUST(step.signals[i] >= 0 && step.signals[i] < NSIG);
	if (step.actions & MACHINE_START) {
		MUST(machine.want != MACHINE_WANT_DOWN);
		MUST(!machine_has_process(before) || event == EVENT_EXITED ||
		     event == EVENT_FAILED || event == EVENT_START_REFUSED);
		MUST(machine.start_due_ns == NOW_NS + MACHINE_THROTTLE_NS);
	}
	if (step.actions & MACHINE_TIMER) {
		MUST(machine.start_due_ns > NOW_NS);
		MUST(machine.start_due_ns <=
		     NOW_NS + MACHINE_RETRY_MOST * MACHINE_RETRY_NS);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char letters[] = "udopchaitkx?";
	struct state state;
	struct machine machine = {.want = MACHINE_WANT_UP};

	if (!state_parse((const char *)data, size, &state)) {
		check_members(&state);
		return 0;
	}
	MUST(state.version >= 1);
	check_members(&state);
	check_round_trip(&state);
	state_to_machine(&state, &machine);
	check_machine(&machine);
	check_machine_round_trip(&machine);
	machine_mend(&machine, NOW_NS);
	check_machine(&machine);
	for (int event = 0; event < EVENT_COUNT; event++) {
		for (const char *letter = letters; *letter; letter++)
			check_step(machine, (enum machine_event)event, *letter);
	}
	return 0;
}
