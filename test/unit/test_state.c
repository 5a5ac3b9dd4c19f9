/* test_state.c -- supervise/state, written, read, and read from ruins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "random.h"
#include "service/state.h"

static const struct state sample = {
	.version = STATE_VERSION,
	.era = {.pid_namespace = 4026531836,
		.time_namespace = 4026531834,
		.init_ticks = 9,
		.boot_id = "01234567-89ab-cdef-0123-456789abcdef"},
	.is_hosted = true,
	.phase = "waiting",
	.want = "once",
	.waits_for = "database",
	.is_paused = true,
	.is_term_sent = true,
	.is_leaving = true,
	.is_draining = true,
	.is_ending = true,
	.is_started = true,
	.is_start_due = true,
	.is_ready = true,
	.is_failed = true,
	.refused = 3,
	.start_due_ns = 123456789012345,
	.limit_ns = 123456789054321,
	.pid = 4711,
	.start_ticks = 815,
	.changed_at = "@400000003b4a39c23294b13c",
	.ready_at = "@400000003b4a39c23294b13e",
	.was_ready = true,
	.starts = 12,
	.deaths = 11,
	.last_pid = 4710,
	.memory = {.streak = 4,
		   .window_restarts = 5,
		   .window_began_ns = 123456789011111},
	.last_end = "unknown",
	.last_number = 111,
	.status_text = "warming up: 4 of 7",
	.is_stopping = true,
	.has_dumped = true,
	.was_starved = true,
	.last_end_at = "@400000003b4a39c23294b13d",
	.signal_due = 15,
	.next_signal_due = 18,
	.down_file_due = 1,
};

static void assert_same(const struct state *a, const struct state *b)
{
	assert_int_equal(a->version, b->version);
	assert_string_equal(a->era.boot_id, b->era.boot_id);
	assert_int_equal(a->era.pid_namespace, b->era.pid_namespace);
	assert_int_equal(a->era.time_namespace, b->era.time_namespace);
	assert_int_equal(a->era.init_ticks, b->era.init_ticks);
	assert_int_equal(a->is_hosted, b->is_hosted);
	assert_string_equal(a->phase, b->phase);
	assert_string_equal(a->want, b->want);
	assert_string_equal(a->waits_for, b->waits_for);
	assert_int_equal(a->is_paused, b->is_paused);
	assert_int_equal(a->is_term_sent, b->is_term_sent);
	assert_int_equal(a->is_leaving, b->is_leaving);
	assert_int_equal(a->is_draining, b->is_draining);
	assert_int_equal(a->is_ending, b->is_ending);
	assert_int_equal(a->is_started, b->is_started);
	assert_int_equal(a->is_start_due, b->is_start_due);
	assert_int_equal(a->is_ready, b->is_ready);
	assert_int_equal(a->was_ready, b->was_ready);
	assert_int_equal(a->is_failed, b->is_failed);
	assert_int_equal(a->refused, b->refused);
	assert_int_equal(a->start_due_ns, b->start_due_ns);
	assert_int_equal(a->limit_ns, b->limit_ns);
	assert_int_equal(a->pid, b->pid);
	assert_int_equal(a->start_ticks, b->start_ticks);
	assert_string_equal(a->changed_at, b->changed_at);
	assert_string_equal(a->ready_at, b->ready_at);
	assert_int_equal(a->starts, b->starts);
	assert_int_equal(a->deaths, b->deaths);
	assert_int_equal(a->last_pid, b->last_pid);
	assert_int_equal(a->memory.streak, b->memory.streak);
	assert_int_equal(a->memory.window_restarts, b->memory.window_restarts);
	assert_int_equal(a->memory.window_began_ns, b->memory.window_began_ns);
	assert_string_equal(a->status_text, b->status_text);
	assert_int_equal(a->is_stopping, b->is_stopping);
	assert_string_equal(a->last_end, b->last_end);
	assert_int_equal(a->last_number, b->last_number);
	assert_int_equal(a->has_dumped, b->has_dumped);
	assert_int_equal(a->was_starved, b->was_starved);
	assert_string_equal(a->last_end_at, b->last_end_at);
	assert_int_equal(a->signal_due, b->signal_due);
	assert_int_equal(a->next_signal_due, b->next_signal_due);
	assert_int_equal(a->down_file_due, b->down_file_due);
}

static void what_is_written_is_read(void **unused)
{
	const struct state empty = {.version = STATE_VERSION};
	struct state back;
	char text[STATE_SIZE_MAX];
	size_t len;

	(void)unused;
	len = state_format(&sample, text);
	assert_int_equal(len, strlen(text));
	assert_true(state_parse(text, len, &back));
	assert_same(&sample, &back);
	len = state_format(&empty, text);
	assert_true(state_parse(text, len, &back));
	assert_same(&empty, &back);
}

/* People and scripts read it; so these names are there to stay. */
static void the_text_is_as_documented(void **unused)
{
	static const char *const lines[] = {
		"\nphase=waiting\n",
		"\nwant=once\n",
		"\nwaits-for=database\n",
		"\npid=4711\n",
		"\npid-start=815\n",
		"\nsince=@400000003b4a39c23294b13c\n",
		"\npaused=1\n",
		"\nterm-sent=1\n",
		"\nleaving=1\n",
		"\ndraining=1\n",
		"\nstarts=12\n",
		"\ndeaths=11\n",
		"\nlast-end=unknown\n",
		"\nlast-end-number=111\n",
		"\nlast-end-core=1\n",
		"\nlast-end-oom=1\n",
		"\nlast-end-at=@400000003b4a39c23294b13d\n",
		"\nrefused-starts=3\n",
		"\nhosted=1\n",
		"\nboot=01234567-89ab-cdef-0123-456789abcdef\n",
		"\nready=1\n",
		"\nready-since=@400000003b4a39c23294b13e\n",
		"\nfailed=1\n",
		"\nlast-pid=4710\n",
		"\nrestart-streak=4\n",
		"\nrestart-window=5\n",
		"\nrestart-window-ns=123456789011111\n",
		"\nstarted=1\n",
		"\nending=1\n",
		"\nonce-more=1\n",
		"\nstart-due-ns=123456789012345\n",
		"\nlimit-ns=123456789054321\n",
		"\nsignal-due=15\n",
		"\nnext-signal-due=18\n",
	};
	char text[STATE_SIZE_MAX];

	(void)unused;
	state_format(&sample, text);
	assert_memory_equal(text, "holdfast=1\n", 11);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (!strstr(text, lines[i]))
			fail_msg("%s is missing", lines[i]);
	}
}

static void the_longest_state_fits(void **unused)
{
	struct state longest, back;
	char text[STATE_SIZE_MAX];
	size_t len;

	(void)unused;
	memset(&longest, 0, sizeof(longest));
	longest.version = longest.refused = longest.pid = INT64_MAX;
	longest.start_due_ns = longest.last_number = INT64_MIN;
	longest.starts = longest.deaths = INT64_MIN;
	longest.start_ticks = longest.last_pid = longest.limit_ns = INT64_MIN;
	longest.memory.streak = longest.memory.window_restarts = INT64_MIN;
	longest.memory.window_began_ns = INT64_MIN;
	longest.signal_due = longest.next_signal_due = INT64_MIN;
	longest.down_file_due = INT64_MIN;
	longest.is_hosted = longest.is_paused = longest.is_term_sent = true;
	longest.is_leaving = longest.is_draining = longest.is_ending = true;
	longest.is_started = longest.is_start_due = longest.is_ready = true;
	longest.was_ready = true;
	longest.is_failed = longest.has_dumped = longest.was_starved =
		longest.is_stopping = true;
	memset(longest.status_text, 's', sizeof(longest.status_text) - 1);
	memset(longest.ready_at, '@', sizeof(longest.ready_at) - 1);
	memset(longest.era.boot_id, 'b', sizeof(longest.era.boot_id) - 1);
	longest.era.pid_namespace = longest.era.init_ticks = INT64_MIN;
	longest.era.time_namespace = INT64_MIN;
	memset(longest.phase, 'p', sizeof(longest.phase) - 1);
	memset(longest.want, 'w', sizeof(longest.want) - 1);
	memset(longest.waits_for, 'n', sizeof(longest.waits_for) - 1);
	memset(longest.changed_at, '@', sizeof(longest.changed_at) - 1);
	memset(longest.last_end, 'e', sizeof(longest.last_end) - 1);
	memset(longest.last_end_at, '@', sizeof(longest.last_end_at) - 1);
	len = state_format(&longest, text);
	assert_true(len < STATE_SIZE_MAX - 1);
	assert_true(state_parse(text, len, &back));
	assert_same(&longest, &back);
}

static void what_does_not_say_holdfast_is_no_state(void **unused)
{
	static const char *const others[] = {
		"",
		"h",
		"holdfast",
		"holdfast=",
		"holdfast=\n",
		"holdfast=0\n",
		"holdfast=-1\n",
		"holdfast=x\n",
		"pid=1\nholdfast=1\n",
		" holdfast=1\n",
	};
	struct state state;

	(void)unused;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (state_parse(others[i], strlen(others[i]), &state))
			fail_msg("\"%s\" passed for a state", others[i]);
	}
}

static void a_newer_or_damaged_state_is_read_as_far_as_it_goes(void **unused)
{
	static const char newer[] = "holdfast=2\nmood=good\nphase=resting\n"
				    "want=up\npid=many\nstarts=5";
	struct state state;
	struct machine machine = {.want = MACHINE_WANT_ONCE};

	(void)unused;
	assert_true(state_parse(newer, strlen(newer), &state));
	assert_int_equal(state.version, 2);
	assert_int_equal(state.pid, 0);
	assert_int_equal(state.starts, 5);
	assert_string_equal(state.era.boot_id, "");
	state_to_machine(&state, &machine);
	assert_int_equal(machine.phase, MACHINE_DOWN);
	assert_int_equal(machine.want, MACHINE_WANT_UP);
}

/* It was taken for "up", and so started what has a file "down". */
static void a_wish_that_is_not_understood_changes_none(void **unused)
{
	static const enum machine_want wants[] = {
		MACHINE_WANT_UP, MACHINE_WANT_DOWN, MACHINE_WANT_ONCE};
	static const char text[] = "holdfast=1\nphase=down\nwant=dow\n";
	struct state state;

	(void)unused;
	assert_true(state_parse(text, strlen(text), &state));
	for (size_t i = 0; i < sizeof(wants) / sizeof(wants[0]); i++) {
		struct machine machine = {.want = wants[i]};

		state_to_machine(&state, &machine);
		assert_int_equal(machine.want, wants[i]);
	}
}

/* ---- the machine's part ---- */

/* One of each phase, wish and combination of flags. */
#define FLAG_COUNT   9
#define FLAG_SETS    (1 << FLAG_COUNT)
#define WANT_COUNT   3
#define SAMPLE_COUNT (MACHINE_PHASE_COUNT * WANT_COUNT * FLAG_SETS)

static struct machine machine_of(int number)
{
	static const enum machine_want wants[WANT_COUNT] = {
		MACHINE_WANT_UP, MACHINE_WANT_DOWN, MACHINE_WANT_ONCE};

	return (struct machine){
		.phase = (enum machine_phase)(number / FLAG_SETS / WANT_COUNT),
		.want = wants[number / FLAG_SETS % WANT_COUNT],
		.is_paused = (number & 1) != 0,
		.is_term_sent = (number & 2) != 0,
		.is_leaving = (number & 4) != 0,
		.is_draining = (number & 8) != 0,
		.is_ending = (number & 16) != 0,
		.is_started = (number & 32) != 0,
		.is_start_due = (number & 64) != 0,
		.is_ready = (number & 128) != 0,
		.is_failed = (number & 256) != 0,
		.refused = 2,
		.start_due_ns = 77,
		.limit_ns = 88};
}

static void check_return(const struct machine *machine,
			 const struct machine *back)
{
	assert_int_equal(back->want, machine->want);
	assert_int_equal(back->is_paused, machine->is_paused);
	assert_int_equal(back->is_term_sent, machine->is_term_sent);
	/* A stop that was cut short is over. */
	assert_int_equal(back->is_leaving,
			 machine->is_leaving && !machine->is_draining);
	assert_false(back->is_draining);
	assert_int_equal(back->is_ending, machine->is_ending);
	assert_int_equal(back->is_started, machine->is_started);
	assert_int_equal(back->is_start_due, machine->is_start_due);
	assert_int_equal(back->is_ready, machine->is_ready);
	assert_int_equal(back->is_failed, machine->is_failed);
	assert_int_equal(back->start_due_ns, machine->start_due_ns);
	assert_int_equal(back->limit_ns, machine->limit_ns);
	/* Refusals belong to the supervisor that met them. */
	assert_int_equal(back->refused, 0);
	/* One that was let go begins anew; one that waits to start what is
	 * wanted down has been tampered with. */
	if (machine->phase == MACHINE_GONE ||
	    (machine->phase == MACHINE_WAITING &&
	     machine->want == MACHINE_WANT_DOWN))
		assert_int_equal(back->phase, MACHINE_DOWN);
	else
		assert_int_equal(back->phase, machine->phase);
}

static void a_machine_comes_back_from_its_state(void **unused)
{
	(void)unused;
	for (int i = 0; i < SAMPLE_COUNT; i++) {
		const struct machine machine = machine_of(i);
		struct state state = {.version = STATE_VERSION}, read;
		struct machine back = {.want = MACHINE_WANT_UP};
		char text[STATE_SIZE_MAX];
		size_t len;

		state_from_machine(&state, &machine);
		len = state_format(&state, text);
		assert_true(state_parse(text, len, &read));
		assert_int_equal(read.refused, machine.refused);
		state_to_machine(&read, &back);
		check_return(&machine, &back);
	}
}

/* People and scripts read these, too. */
static void phases_have_the_names_that_are_documented(void **unused)
{
	static const char *const names[MACHINE_PHASE_COUNT] = {
		[MACHINE_DOWN] = "down",
		[MACHINE_WAITING] = "waiting",
		[MACHINE_STARTING] = "starting",
		[MACHINE_UP] = "up",
		[MACHINE_FINISHING] = "finishing",
		[MACHINE_ACTIVE] = "active",
		[MACHINE_STOPPING] = "stopping",
		[MACHINE_GONE] = "gone",
	};

	(void)unused;
	for (int i = 0; i < MACHINE_PHASE_COUNT; i++) {
		const struct machine machine = {.phase = (enum machine_phase)i};
		struct state state = {.version = STATE_VERSION};

		state_from_machine(&state, &machine);
		assert_string_equal(state.phase, names[i]);
	}
}

static void nothing_that_is_read_does_harm(void **unused)
{
	char whole[STATE_SIZE_MAX], text[STATE_SIZE_MAX];
	size_t whole_len = state_format(&sample, whole);
	uint32_t seed = 1;

	(void)unused;
	for (int i = 0; i < 20000; i++) {
		size_t len = next_random(&seed) % (whole_len + 1);
		struct state state;
		struct machine machine = {.want = MACHINE_WANT_UP};

		memcpy(text, whole, len);
		for (uint32_t j = next_random(&seed) % 8; len > 9 && j > 0; j--)
			fill_random(&seed,
				    text + 9 + next_random(&seed) % (len - 9),
				    1);
		state_parse(text, len, &state);
		state_to_machine(&state, &machine);
		assert_true(machine.phase < MACHINE_GONE);
		assert_true(machine.want == MACHINE_WANT_UP ||
			    machine.want == MACHINE_WANT_DOWN ||
			    machine.want == MACHINE_WANT_ONCE);
		/* What was understood can be written again. */
		assert_true(state_format(&state, text) < STATE_SIZE_MAX - 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(the_text_is_as_documented),
		cmocka_unit_test(the_longest_state_fits),
		cmocka_unit_test(what_does_not_say_holdfast_is_no_state),
		cmocka_unit_test(
			a_newer_or_damaged_state_is_read_as_far_as_it_goes),
		cmocka_unit_test(a_wish_that_is_not_understood_changes_none),
		cmocka_unit_test(a_machine_comes_back_from_its_state),
		cmocka_unit_test(phases_have_the_names_that_are_documented),
		cmocka_unit_test(nothing_that_is_read_does_harm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
