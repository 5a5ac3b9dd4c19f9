/*
 * test_machine.c -- what services do, told as rows and as stories.
 *
 * First the specification of 0.76, which a machine without rules keeps to; then
 * what the scripts and limits of other suites add. test_machine_walk.c goes to
 * every state, and checks what must hold in all of them.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "service/machine.h"

#define NOW_NS      INT64_C(7000000000) /* any moment is as good */
#define AN_HOUR_NS  INT64_C(3600000000000)
#define A_SECOND_NS INT64_C(1000000000)

static bool is_up(const struct machine *machine)
{
	return machine->phase == MACHINE_UP;
}

/* ---- the rows of the 0.76 specification, 5.3 ---- */

struct row {
	char letter;
	enum machine_phase phase;
	enum machine_want want;
	bool is_paused;
	/* what then must be: */
	enum machine_phase phase_after;
	enum machine_want want_after;
	bool is_paused_after;
	unsigned actions;
	int signals[2];
};

#define UP_   MACHINE_UP
#define DOWN_ MACHINE_DOWN
#define WAIT_ MACHINE_WAITING
#define GONE_ MACHINE_GONE
#define W_U   MACHINE_WANT_UP
#define W_D   MACHINE_WANT_DOWN
#define W_O   MACHINE_WANT_ONCE
#define PUB   MACHINE_PUBLISH
#define SIG   MACHINE_SIGNAL
#define MAKE  MACHINE_MAKE_DOWN
#define UNDO  MACHINE_REMOVE_DOWN

/* clang-format off */
static const struct row rows[] = {
	/* u: want up; status; start if down */
	{'u', DOWN_, W_D, false, UP_,   W_U, false, PUB | MACHINE_START, {0, 0}},
	{'u', DOWN_, W_O, false, UP_,   W_U, false, PUB | MACHINE_START, {0, 0}},
	{'u', UP_,   W_D, false, UP_,   W_U, false, PUB, {0, 0}},
	{'u', UP_,   W_O, true,  UP_,   W_U, true,  PUB, {0, 0}},
	{'u', WAIT_, W_O, false, WAIT_, W_U, false, PUB, {0, 0}},
	/* d: want down; if running TERM then CONT, paused cleared; status */
	{'d', UP_,   W_U, false, UP_,   W_D, false, PUB | SIG, {SIGTERM, SIGCONT}},
	{'d', UP_,   W_U, true,  UP_,   W_D, false, PUB | SIG, {SIGTERM, SIGCONT}},
	{'d', UP_,   W_D, false, UP_,   W_D, false, PUB | SIG, {SIGTERM, SIGCONT}},
	{'d', DOWN_, W_O, false, DOWN_, W_D, false, PUB, {0, 0}},
	{'d', WAIT_, W_U, false, DOWN_, W_D, false, PUB, {0, 0}},
	/* o: no restart from now on; status; start if down */
	{'o', DOWN_, W_D, false, UP_,   W_O, false, PUB | MACHINE_START, {0, 0}},
	{'o', UP_,   W_U, false, UP_,   W_O, false, PUB, {0, 0}},
	{'o', WAIT_, W_U, false, WAIT_, W_O, false, PUB, {0, 0}},
	/* x: leave when down; status; doesn't stop the service */
	{'x', DOWN_, W_D, false, GONE_, W_D, false, PUB | MACHINE_LEAVE, {0, 0}},
	{'x', WAIT_, W_U, false, GONE_, W_U, false, PUB | MACHINE_LEAVE, {0, 0}},
	{'x', UP_,   W_U, false, UP_,   W_U, false, PUB, {0, 0}},
	{'x', UP_,   W_U, true,  UP_,   W_U, true,  PUB, {0, 0}},
	/* p: paused set; status; STOP if running */
	{'p', UP_,   W_U, false, UP_,   W_U, true,  PUB | SIG, {SIGSTOP, 0}},
	{'p', DOWN_, W_D, false, DOWN_, W_D, true,  PUB, {0, 0}},
	{'p', WAIT_, W_U, false, WAIT_, W_U, true,  PUB, {0, 0}},
	/* c: paused cleared; status; CONT if running */
	{'c', UP_,   W_U, true,  UP_,   W_U, false, PUB | SIG, {SIGCONT, 0}},
	{'c', UP_,   W_U, false, UP_,   W_U, false, PUB | SIG, {SIGCONT, 0}},
	{'c', DOWN_, W_D, true,  DOWN_, W_D, false, PUB, {0, 0}},
	/* h a i k q 1 2: a signal if running */
	{'h', UP_,   W_U, false, UP_,   W_U, false, SIG, {SIGHUP, 0}},
	{'a', UP_,   W_U, false, UP_,   W_U, false, SIG, {SIGALRM, 0}},
	{'i', UP_,   W_U, false, UP_,   W_U, false, SIG, {SIGINT, 0}},
	{'k', UP_,   W_U, false, UP_,   W_U, false, SIG, {SIGKILL, 0}},
	{'q', UP_,   W_U, false, UP_,   W_U, false, SIG, {SIGQUIT, 0}},
	{'1', UP_,   W_U, false, UP_,   W_U, false, SIG, {SIGUSR1, 0}},
	{'2', UP_,   W_U, false, UP_,   W_U, false, SIG, {SIGUSR2, 0}},
	{'h', DOWN_, W_D, false, DOWN_, W_D, false, 0, {0, 0}},
	{'k', WAIT_, W_U, false, WAIT_, W_U, false, 0, {0, 0}},
	/* t: TERM without CONT; on record, for clients of the runit family */
	{'t', UP_,   W_U, false, UP_,   W_U, false, PUB | SIG, {SIGTERM, 0}},
	{'t', UP_,   W_U, true,  UP_,   W_U, true,  PUB | SIG, {SIGTERM, 0}},
	{'t', DOWN_, W_D, false, DOWN_, W_D, false, 0, {0, 0}},
	/* anything else is ignored */
	{'z', UP_,   W_U, false, UP_,   W_U, false, 0, {0, 0}},
	{'L', UP_,   W_U, false, UP_,   W_U, false, 0, {0, 0}},
	{'E', DOWN_, W_D, false, DOWN_, W_D, false, 0, {0, 0}},
	{0,   UP_,   W_U, false, UP_,   W_U, false, 0, {0, 0}},
	{'\n', UP_,  W_U, false, UP_,   W_U, false, 0, {0, 0}},
	/* The bytes that other suites added: w y b, signals as any */
	{'w', UP_,   W_U, false, UP_,   W_U, false, SIG, {SIGWINCH, 0}},
	{'y', UP_,   W_U, false, UP_,   W_U, false, SIG, {SIGWINCH, 0}},
	{'b', UP_,   W_U, false, UP_,   W_U, false, SIG, {SIGABRT, 0}},
	{'b', DOWN_, W_D, false, DOWN_, W_D, false, 0, {0, 0}},
	/* P C K: as p c k, to the group */
	{'P', UP_,   W_U, false, UP_,   W_U, true,  PUB | SIG, {SIGSTOP, 0}},
	{'C', UP_,   W_U, true,  UP_,   W_U, false, PUB | SIG, {SIGCONT, 0}},
	{'K', UP_,   W_U, false, UP_,   W_U, false, SIG, {SIGKILL, 0}},
	/* r: ends it as d does, and changes no wish; l: HUP */
	{'r', UP_,   W_U, true,  UP_,   W_U, false, PUB | SIG, {SIGTERM, SIGCONT}},
	{'r', DOWN_, W_D, false, DOWN_, W_D, false, PUB, {0, 0}},
	{'r', WAIT_, W_U, false, WAIT_, W_U, false, PUB, {0, 0}},
	{'l', UP_,   W_U, false, UP_,   W_U, false, SIG, {SIGHUP, 0}},
	/* D U: as d u, and make or remove "down" */
	{'D', UP_,   W_U, false, UP_,   W_D, false, PUB | SIG | MAKE, {SIGTERM, SIGCONT}},
	{'D', DOWN_, W_D, false, DOWN_, W_D, false, PUB | MAKE, {0, 0}},
	{'U', UP_,   W_D, false, UP_,   W_U, false, PUB | UNDO, {0, 0}},
	{'U', DOWN_, W_D, false, UP_,   W_U, false, PUB | UNDO | MACHINE_START, {0, 0}},
	/* O Q: don't restart; Q makes "down"; what isn't up stays so */
	{'O', UP_,   W_U, false, UP_,   W_O, false, PUB, {0, 0}},
	{'O', DOWN_, W_D, false, DOWN_, W_O, false, PUB, {0, 0}},
	{'O', WAIT_, W_U, false, WAIT_, W_O, false, PUB, {0, 0}},
	{'O', UP_,   W_D, false, UP_,   W_D, false, PUB, {0, 0}},
	{'Q', UP_,   W_U, false, UP_,   W_O, false, PUB | MAKE, {0, 0}},
};
/* clang-format on */

static void each_command_does_what_the_specification_says(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct machine machine = {.phase = row->phase,
					  .want = row->want,
					  .is_paused = row->is_paused,
					  .start_due_ns = NOW_NS};
		struct machine_step step;

		if (row->phase == MACHINE_WAITING)
			machine.start_due_ns++;
		step = machine_step(&machine, EVENT_COMMAND, row->letter,
				    NOW_NS);
		if (machine.phase != row->phase_after ||
		    machine.want != row->want_after ||
		    machine.is_paused != row->is_paused_after ||
		    step.actions != row->actions ||
		    step.signals[0] != row->signals[0] ||
		    step.signals[1] != row->signals[1])
			fail_msg("row %zu, letter '%c': phase %d, want %d, "
				 "paused %d, actions %#x, signals %d %d",
				 i, row->letter, (int)machine.phase,
				 (int)machine.want, (int)machine.is_paused,
				 step.actions, step.signals[0],
				 step.signals[1]);
	}
}

/* ---- stories ---- */

static struct machine begun(enum machine_want want)
{
	struct machine machine = {.phase = MACHINE_DOWN, .want = want};

	machine_step(&machine, EVENT_BEGIN, 0, NOW_NS);
	return machine;
}

static struct machine_step command(struct machine *machine, char letter,
				   int64_t now_ns)
{
	return machine_step(machine, EVENT_COMMAND, letter, now_ns);
}

static void begins_as_wanted(void **unused)
{
	struct machine machine = {.want = MACHINE_WANT_UP};
	struct machine_step step;

	(void)unused;
	step = machine_step(&machine, EVENT_BEGIN, 0, NOW_NS);
	assert_int_equal(step.actions, MACHINE_START);
	machine = (struct machine){.want = MACHINE_WANT_DOWN};
	step = machine_step(&machine, EVENT_BEGIN, 0, NOW_NS);
	assert_int_equal(step.actions, MACHINE_PUBLISH);
	/* An "once" that has been: what it was started for is done. */
	machine = (struct machine){.want = MACHINE_WANT_ONCE};
	step = machine_step(&machine, EVENT_BEGIN, 0, NOW_NS);
	assert_int_equal(step.actions, MACHINE_PUBLISH);
}

static void a_process_that_lived_long_is_followed_at_once(void **unused)
{
	struct machine machine = begun(MACHINE_WANT_UP);
	struct machine_step step = machine_step(&machine, EVENT_EXITED, 0,
						NOW_NS + MACHINE_THROTTLE_NS);

	(void)unused;
	assert_int_equal(step.actions, MACHINE_START);
}

static void a_process_that_ends_early_is_followed_after_a_second(void **unused)
{
	struct machine machine = begun(MACHINE_WANT_UP);
	struct machine_step step;

	(void)unused;
	step = machine_step(&machine, EVENT_EXITED, 0, NOW_NS + 1);
	assert_int_equal(step.actions, MACHINE_PUBLISH | MACHINE_TIMER);
	assert_int_equal(machine.start_due_ns, NOW_NS + MACHINE_THROTTLE_NS);
	step = machine_step(&machine, EVENT_TIMER, 0,
			    NOW_NS + MACHINE_THROTTLE_NS - 1);
	assert_int_equal(step.actions, MACHINE_PUBLISH | MACHINE_TIMER);
	step = machine_step(&machine, EVENT_TIMER, 0,
			    NOW_NS + MACHINE_THROTTLE_NS);
	assert_int_equal(step.actions, MACHINE_START);
}

static void down_counts_also_while_a_start_is_due(void **unused)
{
	struct machine machine = begun(MACHINE_WANT_UP);
	struct machine_step step;

	(void)unused;
	machine_step(&machine, EVENT_EXITED, 0, NOW_NS + 1);
	command(&machine, 'd', NOW_NS + 2);
	step = machine_step(&machine, EVENT_TIMER, 0, NOW_NS + AN_HOUR_NS);
	assert_int_equal(step.actions, 0);
	assert_int_equal(machine.phase, MACHINE_DOWN);
}

static void up_and_down_in_a_row_cannot_beat_the_throttle(void **unused)
{
	struct machine machine = begun(MACHINE_WANT_UP);
	struct machine_step step;

	(void)unused;
	command(&machine, 'd', NOW_NS + 1);
	machine_step(&machine, EVENT_EXITED, 0, NOW_NS + 2);
	step = command(&machine, 'u', NOW_NS + 3);
	assert_int_equal(step.actions, MACHINE_PUBLISH | MACHINE_TIMER);
	command(&machine, 'd', NOW_NS + 4);
	step = command(&machine, 'u', NOW_NS + 5);
	assert_int_equal(step.actions, MACHINE_PUBLISH | MACHINE_TIMER);
	assert_int_equal(machine.start_due_ns, NOW_NS + MACHINE_THROTTLE_NS);
}

static void once_ends_down_with_neither_wanted(void **unused)
{
	struct machine machine = begun(MACHINE_WANT_UP);
	struct machine_step step;

	(void)unused;
	command(&machine, 'o', NOW_NS + 1);
	step = machine_step(&machine, EVENT_EXITED, 0, NOW_NS + AN_HOUR_NS);
	assert_int_equal(step.actions, MACHINE_PUBLISH);
	assert_int_equal(machine.phase, MACHINE_DOWN);
	assert_int_equal(machine.want, 0); /* as the status file has it */
}

static void leaving_waits_for_the_process_and_is_not_revoked(void **unused)
{
	struct machine machine = begun(MACHINE_WANT_UP);
	struct machine_step step;

	(void)unused;
	command(&machine, 'x', NOW_NS + 1);
	command(&machine, 'u', NOW_NS + 2);
	step = machine_step(&machine, EVENT_EXITED, 0, NOW_NS + AN_HOUR_NS);
	assert_int_equal(step.actions, MACHINE_PUBLISH | MACHINE_LEAVE);
	step = command(&machine, 'u', NOW_NS + AN_HOUR_NS);
	assert_int_equal(step.actions, 0);
}

static void term_does_not_wake_a_paused_process_but_down_does(void **unused)
{
	struct machine machine = begun(MACHINE_WANT_UP);
	struct machine_step step;

	(void)unused;
	command(&machine, 'p', NOW_NS + 1);
	step = command(&machine, 't', NOW_NS + 2);
	assert_int_equal(step.signals[1], 0);
	assert_true(machine.is_paused);
	/* The second TERM is sent as well, though nothing new is on record. */
	step = command(&machine, 't', NOW_NS + 3);
	assert_int_equal(step.actions, MACHINE_SIGNAL);
	step = command(&machine, 'd', NOW_NS + 4);
	assert_int_equal(step.signals[1], SIGCONT);
	assert_false(machine.is_paused);
}

/* One that can't be started for seconds; then it is, and ends early. */
static void refusals_back_off_and_are_forgotten(void **unused)
{
	struct machine machine = begun(MACHINE_WANT_UP);
	int64_t now_ns = NOW_NS;

	(void)unused;
	for (int i = 1; i <= MACHINE_RETRY_MOST + 3; i++) {
		int wanted = i < MACHINE_RETRY_MOST ? i : MACHINE_RETRY_MOST;

		machine_step(&machine, EVENT_START_REFUSED, 0, now_ns);
		assert_int_equal(machine.phase, MACHINE_WAITING);
		assert_int_equal(machine.start_due_ns - now_ns,
				 wanted * MACHINE_RETRY_NS);
		now_ns = machine.start_due_ns;
		machine_step(&machine, EVENT_TIMER, 0, now_ns);
		assert_true(is_up(&machine));
	}
	machine_step(&machine, EVENT_EXITED, 0, now_ns);
	assert_int_equal(machine.refused, 0);
	assert_int_equal(machine.start_due_ns, now_ns + MACHINE_THROTTLE_NS);
}

static void
a_refused_start_of_what_is_wanted_down_is_not_tried_again(void **unused)
{
	struct machine machine = begun(MACHINE_WANT_UP);
	struct machine_step step;

	(void)unused;
	command(&machine, 'd', NOW_NS);
	step = machine_step(&machine, EVENT_START_REFUSED, 0, NOW_NS);
	assert_int_equal(step.actions, MACHINE_PUBLISH);
	assert_int_equal(machine.phase, MACHINE_DOWN);
	assert_false(machine.is_term_sent);
}

static void a_logger_told_to_drain_reads_all_there_is(void **unused)
{
	struct machine machine = begun(MACHINE_WANT_UP);
	struct machine_step step;

	(void)unused;
	command(&machine, 'p', NOW_NS + 1);
	step = machine_step(&machine, EVENT_DRAIN, 0, NOW_NS + 2);
	assert_int_equal(step.signals[0], SIGCONT);
	assert_int_equal(step.signals[1], 0);
	step = machine_step(&machine, EVENT_EXITED, 0, NOW_NS + 3);
	assert_int_equal(step.actions, MACHINE_PUBLISH | MACHINE_LEAVE);

	/* One between two lives starts again, for what is in the pipe. */
	machine = begun(MACHINE_WANT_UP);
	machine_step(&machine, EVENT_EXITED, 0, NOW_NS + 1);
	machine_step(&machine, EVENT_DRAIN, 0, NOW_NS + 2);
	assert_int_equal(machine.phase, MACHINE_WAITING);
	step = machine_step(&machine, EVENT_TIMER, 0, machine.start_due_ns);
	assert_int_equal(step.actions, MACHINE_START);
}

/* It used to rest for ever, and whoever waited for it to leave with it. */
static void down_while_a_drained_logger_waits_lets_it_go(void **unused)
{
	struct machine machine = begun(MACHINE_WANT_UP);
	struct machine_step step;

	(void)unused;
	machine_step(&machine, EVENT_EXITED, 0, NOW_NS + 1);
	machine_step(&machine, EVENT_DRAIN, 0, NOW_NS + 2);
	step = command(&machine, 'd', NOW_NS + 3);
	assert_int_equal(step.actions, MACHINE_PUBLISH | MACHINE_LEAVE);
	assert_int_equal(machine.phase, MACHINE_GONE);
}

/* As a damaged record, or one whose clock was another, may have it. */
static void a_start_due_in_years_comes_in_seconds(void **unused)
{
	static const int64_t dues_ns[] = {INT64_MAX, NOW_NS + AN_HOUR_NS};

	(void)unused;
	for (int i = 0; i < 2; i++) {
		struct machine machine = {.phase = MACHINE_WAITING,
					  .want = MACHINE_WANT_UP,
					  .start_due_ns = dues_ns[i]};

		machine_step(&machine, EVENT_TIMER, 0, NOW_NS);
		assert_int_equal(machine.phase, MACHINE_WAITING);
		assert_true(machine.start_due_ns - NOW_NS <=
			    MACHINE_RETRY_MOST * MACHINE_RETRY_NS);
	}
}

/* ---- scripts: "start", "finish" and "stop" ---- */

static const struct machine_rules all_scripts = {
	.has_start = true, .has_finish = true, .has_stop = true};
static const struct machine_rules one_shot = {
	.has_start = true, .has_stop = true, .is_oneshot = true};

static struct machine begun_with(struct machine_rules rules)
{
	struct machine machine = {.rules = rules, .want = MACHINE_WANT_UP};

	machine_step(&machine, EVENT_BEGIN, 0, NOW_NS);
	return machine;
}

static struct machine_step ended(struct machine *machine, int64_t now_ns)
{
	return machine_step(machine, EVENT_EXITED, 0, now_ns);
}

/* With all scripts, and "run" runs. */
static struct machine up_with(struct machine_rules rules)
{
	struct machine machine = begun_with(rules);

	if (machine.phase == MACHINE_STARTING)
		ended(&machine, NOW_NS);
	assert_int_equal(machine.phase, MACHINE_UP);
	return machine;
}

static void a_life_with_all_scripts(void **unused)
{
	struct machine machine = begun_with(all_scripts);
	struct machine_step step;

	(void)unused;
	assert_int_equal(machine.phase, MACHINE_STARTING);
	step = ended(&machine, NOW_NS + 1);
	assert_int_equal(step.actions, MACHINE_START);
	assert_int_equal(machine.phase, MACHINE_UP);
	ended(&machine, NOW_NS + AN_HOUR_NS);
	assert_int_equal(machine.phase, MACHINE_FINISHING);
	/* "start" was for the way up, which isn't left by a restart. */
	step = ended(&machine, NOW_NS + AN_HOUR_NS);
	assert_int_equal(step.actions, MACHINE_START);
	assert_int_equal(machine.phase, MACHINE_UP);
	command(&machine, 'd', NOW_NS + AN_HOUR_NS);
	ended(&machine, NOW_NS + AN_HOUR_NS);
	assert_int_equal(machine.phase, MACHINE_FINISHING);
	ended(&machine, NOW_NS + AN_HOUR_NS);
	assert_int_equal(machine.phase, MACHINE_STOPPING);
	step = ended(&machine, NOW_NS + AN_HOUR_NS);
	assert_int_equal(step.actions, MACHINE_PUBLISH);
	assert_int_equal(machine.phase, MACHINE_DOWN);
	command(&machine, 'u', NOW_NS + 2 * AN_HOUR_NS);
	assert_int_equal(machine.phase, MACHINE_STARTING);
}

/* After a slow "start" a "run" that ends at once could be followed at once. */
static void run_is_throttled_from_its_own_start_on(void **unused)
{
	struct machine machine =
		begun_with((struct machine_rules){.has_start = true});

	(void)unused;
	ended(&machine, NOW_NS + AN_HOUR_NS);
	assert_true(is_up(&machine));
	ended(&machine, NOW_NS + AN_HOUR_NS + 1);
	assert_int_equal(machine.phase, MACHINE_WAITING);
	assert_int_equal(machine.start_due_ns,
			 NOW_NS + AN_HOUR_NS + MACHINE_THROTTLE_NS);
}

static void a_start_that_fails_is_not_tried_again(void **unused)
{
	struct machine machine = begun_with(all_scripts);
	struct machine_step step;

	(void)unused;
	step = machine_step(&machine, EVENT_FAILED, 0, NOW_NS + 1);
	assert_int_equal(step.actions, MACHINE_PUBLISH);
	assert_int_equal(machine.phase, MACHINE_DOWN);
	assert_int_equal(machine.want, MACHINE_WANT_DOWN);
	assert_true(machine.is_failed);
	command(&machine, 'u', NOW_NS + AN_HOUR_NS);
	assert_int_equal(machine.phase, MACHINE_STARTING);
	assert_false(machine.is_failed);
}

/* It used to count as a failure, after which the service stayed down. */
static void restart_during_start_starts_again(void **unused)
{
	static const char *const ways[] = {"r", "t", "du"};

	(void)unused;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct machine machine = begun_with(all_scripts);

		for (const char *way = ways[i]; *way; way++)
			command(&machine, *way, NOW_NS + 1);
		machine_step(&machine, EVENT_FAILED, 0, NOW_NS + 2);
		assert_int_equal(machine.phase, MACHINE_WAITING);
		assert_int_equal(machine.want, MACHINE_WANT_UP);
		assert_false(machine.is_failed);
		machine_step(&machine, EVENT_TIMER, 0, machine.start_due_ns);
		assert_int_equal(machine.phase, MACHINE_STARTING);
	}
}

static void down_during_start_undoes_what_it_did(void **unused)
{
	struct machine machine = begun_with(all_scripts);

	(void)unused;
	command(&machine, 'd', NOW_NS + 1);
	ended(&machine, NOW_NS + 2);
	assert_int_equal(machine.phase, MACHINE_STOPPING);
	/* But there is nothing to undo where it didn't succeed. */
	machine = begun_with(all_scripts);
	command(&machine, 'd', NOW_NS + 1);
	machine_step(&machine, EVENT_FAILED, 0, NOW_NS + 2);
	assert_int_equal(machine.phase, MACHINE_DOWN);
	assert_false(machine.is_failed);
}

/* The engine says so of "run", and of a "finish" that exits 125. */
static void what_fails_for_good_stays_down(void **unused)
{
	(void)unused;
	for (int i = 0; i < 2; i++) {
		struct machine machine = up_with(all_scripts);
		struct machine_step step;

		if (i == 1)
			ended(&machine, NOW_NS + AN_HOUR_NS);
		step = machine_step(&machine, EVENT_FAILED, 0,
				    NOW_NS + AN_HOUR_NS);
		assert_int_equal(step.actions, MACHINE_PUBLISH | MACHINE_START);
		assert_int_equal(machine.phase,
				 i == 0 ? MACHINE_FINISHING : MACHINE_STOPPING);
		while (machine.phase != MACHINE_DOWN)
			ended(&machine, NOW_NS + AN_HOUR_NS);
		assert_int_equal(machine.want, MACHINE_WANT_DOWN);
		assert_true(machine.is_failed);
	}
}

static void a_run_that_never_ran_needs_no_stop(void **unused)
{
	struct machine machine =
		begun_with((struct machine_rules){.has_stop = true});

	(void)unused;
	machine_step(&machine, EVENT_START_REFUSED, 0, NOW_NS);
	assert_int_equal(machine.phase, MACHINE_WAITING);
	command(&machine, 'd', NOW_NS + 1);
	assert_int_equal(machine.phase, MACHINE_DOWN);
}

/* The scripts that follow a life can't hold it up. */
static void a_refused_finish_is_skipped(void **unused)
{
	struct machine machine = up_with(all_scripts);

	(void)unused;
	command(&machine, 'd', NOW_NS);
	ended(&machine, NOW_NS);
	machine_step(&machine, EVENT_START_REFUSED, 0, NOW_NS);
	assert_int_equal(machine.phase, MACHINE_STOPPING);
	machine_step(&machine, EVENT_START_REFUSED, 0, NOW_NS);
	assert_int_equal(machine.phase, MACHINE_DOWN);
}

static void signals_are_for_the_service_alone(void **unused)
{
	struct machine machine = up_with(all_scripts);
	struct machine_step step;

	(void)unused;
	ended(&machine, NOW_NS + 1);
	assert_int_equal(machine.phase, MACHINE_FINISHING);
	step = command(&machine, 't', NOW_NS + 2);
	assert_int_equal(step.actions, 0);
	step = command(&machine, 'd', NOW_NS + 2);
	assert_int_equal(step.actions, MACHINE_PUBLISH);
	step = command(&machine, 'k', NOW_NS + 2);
	assert_int_equal(step.signals[0], SIGKILL);
}

/* Between two lives it hasn't been undone what "run" did. */
static void leaving_while_a_start_is_due_stops_it_first(void **unused)
{
	struct machine machine =
		up_with((struct machine_rules){.has_stop = true});
	struct machine_step step;

	(void)unused;
	ended(&machine, NOW_NS + 1);
	assert_int_equal(machine.phase, MACHINE_WAITING);
	step = command(&machine, 'x', NOW_NS + 2);
	assert_int_equal(step.actions, MACHINE_PUBLISH | MACHINE_START);
	assert_int_equal(machine.phase, MACHINE_STOPPING);
	step = ended(&machine, NOW_NS + 3);
	assert_int_equal(step.actions, MACHINE_PUBLISH | MACHINE_LEAVE);
}

/* It came up once more, only to go down. */
static void
a_one_shot_that_is_held_yields_for_good_if_wanted_down(void **unused)
{
	const struct machine_rules rules = {.has_start = true,
					    .is_oneshot = true};
	struct machine machine = begun_with(rules);
	struct machine_step step;

	(void)unused;
	ended(&machine, NOW_NS + 1);
	assert_int_equal(machine.phase, MACHINE_ACTIVE);
	machine.is_held = true;
	command(&machine, 'd', NOW_NS + 2);
	assert_int_equal(machine.phase, MACHINE_ACTIVE);
	step = machine_step(&machine, EVENT_YIELD, 0, NOW_NS + AN_HOUR_NS);
	assert_int_equal(machine.phase, MACHINE_DOWN);
	assert_int_equal(step.actions, MACHINE_PUBLISH);
}

/* ---- what was read from a record ---- */

static const struct machine_rules with_limits = {
	.has_finish = true,
	.kill_after_ns = 2 * AN_HOUR_NS,
	.finish_limit_ns = AN_HOUR_NS,
	.up_limit_ns = 3 * AN_HOUR_NS,
};

/* Such a number ended the service at once. */
static void a_damaged_limit_grants_all_of_its_time(void **unused)
{
	static const int64_t limits[] = {INT64_MIN, -1, 1, INT64_MAX};

	(void)unused;
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		struct machine machine = up_with(with_limits);

		machine.limit_ns = limits[i];
		machine_mend(&machine, NOW_NS + 1);
		assert_int_equal(machine.limit_ns, NOW_NS + 1 + 3 * AN_HOUR_NS);
		machine.is_ready = true;
		machine_mend(&machine, NOW_NS + 1);
		assert_int_equal(machine.limit_ns, 0);
		machine = up_with(with_limits);
		command(&machine, 'd', NOW_NS);
		machine.limit_ns = limits[i];
		machine_mend(&machine, NOW_NS + 1);
		assert_int_equal(machine.limit_ns, NOW_NS + 1 + 2 * AN_HOUR_NS);
		machine = up_with((struct machine_rules){.has_finish = true});
		machine.limit_ns = limits[i];
		machine_mend(&machine, NOW_NS + 1);
		assert_int_equal(machine.limit_ns, 0);
	}
}

static void a_limit_that_passed_meanwhile_stays(void **unused)
{
	struct machine machine = up_with(with_limits);
	int64_t limit_ns = machine.limit_ns;

	(void)unused;
	machine_mend(&machine, NOW_NS + 100 * AN_HOUR_NS);
	assert_int_equal(machine.limit_ns, limit_ns);
}

/* The difference of the two wasn't a number. */
static void a_damaged_moment_of_a_start_is_one(void **unused)
{
	struct machine machine = up_with(with_limits);

	(void)unused;
	machine.start_due_ns = INT64_MIN;
	machine_mend(&machine, NOW_NS);
	assert_int_equal(machine.start_due_ns, 0);
	machine.start_due_ns = INT64_MAX;
	machine_mend(&machine, NOW_NS);
	assert_int_equal(machine.start_due_ns,
			 NOW_NS + MACHINE_RETRY_MOST * MACHINE_RETRY_NS);
}

static void no_damage_starts_what_is_wanted_down(void **unused)
{
	struct machine machine = up_with(with_limits);

	(void)unused;
	command(&machine, 'd', NOW_NS + 1);
	machine.is_start_due = true;
	machine_mend(&machine, NOW_NS + 2);
	ended(&machine, NOW_NS + 3);
	assert_int_equal(machine.phase, MACHINE_FINISHING);
	machine.is_start_due = true;
	machine_mend(&machine, NOW_NS + 4);
	ended(&machine, NOW_NS + 5);
	assert_int_equal(machine.phase, MACHINE_DOWN);
}

/* What was in its pipe would be lost. */
static void a_logger_drained_during_its_finish_starts_again(void **unused)
{
	struct machine machine = up_with(all_scripts);

	(void)unused;
	ended(&machine, NOW_NS + AN_HOUR_NS);
	machine_step(&machine, EVENT_DRAIN, 0, NOW_NS + AN_HOUR_NS);
	ended(&machine, NOW_NS + AN_HOUR_NS);
	assert_int_equal(machine.phase, MACHINE_UP);
	ended(&machine, NOW_NS + 2 * AN_HOUR_NS); /* the end of its input */
	ended(&machine, NOW_NS + 2 * AN_HOUR_NS);
	assert_int_equal(machine.phase, MACHINE_STOPPING);
	ended(&machine, NOW_NS + 2 * AN_HOUR_NS);
	assert_int_equal(machine.phase, MACHINE_GONE);
}

static void a_start_asked_for_on_the_way_down_comes_after_it(void **unused)
{
	struct machine machine = up_with(all_scripts);

	(void)unused;
	command(&machine, 'd', NOW_NS + 1);
	ended(&machine, NOW_NS + AN_HOUR_NS);
	ended(&machine, NOW_NS + AN_HOUR_NS);
	assert_int_equal(machine.phase, MACHINE_STOPPING);
	command(&machine, 'o', NOW_NS + AN_HOUR_NS);
	ended(&machine, NOW_NS + AN_HOUR_NS);
	assert_int_equal(machine.phase, MACHINE_STARTING);
	/* And one that is taken back doesn't. */
	machine = up_with(all_scripts);
	command(&machine, 'd', NOW_NS + 1);
	ended(&machine, NOW_NS + AN_HOUR_NS);
	command(&machine, 'o', NOW_NS + AN_HOUR_NS);
	command(&machine, 'd', NOW_NS + AN_HOUR_NS);
	ended(&machine, NOW_NS + AN_HOUR_NS);
	ended(&machine, NOW_NS + AN_HOUR_NS);
	assert_int_equal(machine.phase, MACHINE_DOWN);
}

static void at_most_once_brings_nothing_up_that_was_told_to_end(void **unused)
{
	struct machine machine = begun_with(all_scripts);

	(void)unused;
	command(&machine, 'd', NOW_NS + 1);
	command(&machine, 'O', NOW_NS + 2);
	ended(&machine, NOW_NS + 3);
	assert_int_equal(machine.phase, MACHINE_STOPPING);
}

/* ---- one-shots ---- */

static void a_one_shot_is_up_without_a_process(void **unused)
{
	struct machine machine = begun_with(one_shot);
	struct machine_step step;

	(void)unused;
	assert_int_equal(machine.phase, MACHINE_STARTING);
	assert_false(machine.is_ready);
	step = ended(&machine, NOW_NS + 1);
	assert_int_equal(step.actions, MACHINE_PUBLISH);
	assert_int_equal(machine.phase, MACHINE_ACTIVE);
	assert_true(machine.is_ready);
	step = command(&machine, 'u', NOW_NS + 2);
	assert_int_equal(step.actions, MACHINE_PUBLISH);
	step = command(&machine, 'd', NOW_NS + 3);
	assert_int_equal(step.actions, MACHINE_PUBLISH | MACHINE_START);
	assert_int_equal(machine.phase, MACHINE_STOPPING);
	assert_false(machine.is_ready);
	ended(&machine, NOW_NS + 4);
	assert_int_equal(machine.phase, MACHINE_DOWN);
	command(&machine, 'o', NOW_NS + AN_HOUR_NS);
	assert_int_equal(machine.phase, MACHINE_STARTING);
	ended(&machine, NOW_NS + AN_HOUR_NS);
	assert_int_equal(machine.phase, MACHINE_ACTIVE);
}

/* As leaving ends no process; an orderly stop is what stops it. */
static void leaving_leaves_a_one_shot_as_it_is(void **unused)
{
	static const enum machine_event stops[] = {EVENT_STOP, EVENT_DRAIN};

	(void)unused;
	for (int i = 0; i < 2; i++) {
		struct machine machine = begun_with(one_shot);
		struct machine_step step;

		/* Before and after "start" has succeeded. */
		if (i == 1)
			ended(&machine, NOW_NS + 1);
		command(&machine, 'x', NOW_NS + 2);
		if (i == 0)
			ended(&machine, NOW_NS + 3);
		assert_int_equal(machine.phase, MACHINE_GONE);

		machine = begun_with(one_shot);
		ended(&machine, NOW_NS + 1);
		step = machine_step(&machine, stops[i], 0, NOW_NS + 2);
		assert_int_equal(step.actions, MACHINE_PUBLISH | MACHINE_START);
		assert_int_equal(machine.phase, MACHINE_STOPPING);
		machine = begun_with(one_shot);
		machine_step(&machine, stops[i], 0, NOW_NS + 1);
		ended(&machine, NOW_NS + 2);
		assert_int_equal(machine.phase, MACHINE_STOPPING);
	}
}

/* ---- limits ---- */

static struct machine_step at_its_time(struct machine *machine)
{
	return machine_step(machine, EVENT_TIMER, 0, machine_due_ns(machine));
}

static void what_outlives_its_down_is_killed_again_and_again(void **unused)
{
	struct machine machine = up_with((struct machine_rules){
		.down_signal = SIGINT, .kill_after_ns = 3 * A_SECOND_NS});
	struct machine_step step = command(&machine, 'd', NOW_NS);

	(void)unused;
	assert_int_equal(step.signals[0], SIGINT);
	assert_int_equal(step.signals[1], SIGCONT);
	assert_int_equal(machine_due_ns(&machine), NOW_NS + 3 * A_SECOND_NS);
	/* Asking twice gives it no more time. */
	command(&machine, 'd', NOW_NS + A_SECOND_NS);
	assert_int_equal(machine_due_ns(&machine), NOW_NS + 3 * A_SECOND_NS);
	for (int i = 0; i < 3; i++) {
		int64_t due_ns = machine_due_ns(&machine);

		step = machine_step(&machine, EVENT_TIMER, 0, due_ns - 1);
		assert_int_equal(step.actions, MACHINE_TIMER);
		step = machine_step(&machine, EVENT_TIMER, 0, due_ns);
		assert_int_equal(step.signals[0], SIGKILL);
		assert_int_equal(step.signals[1], SIGCONT);
		assert_int_equal(machine_due_ns(&machine),
				 due_ns + MACHINE_KILL_AGAIN_NS);
	}
}

static void a_service_that_is_not_ready_in_time_has_failed(void **unused)
{
	struct machine machine =
		up_with((struct machine_rules){.up_limit_ns = 9 * A_SECOND_NS});
	struct machine_step step;

	(void)unused;
	assert_int_equal(machine_due_ns(&machine), NOW_NS + 9 * A_SECOND_NS);
	step = at_its_time(&machine);
	assert_int_equal(step.signals[0], SIGTERM);
	assert_int_equal(machine.want, MACHINE_WANT_DOWN);
	assert_true(machine.is_failed);
	ended(&machine, NOW_NS + AN_HOUR_NS);
	assert_int_equal(machine.phase, MACHINE_DOWN);

	machine =
		up_with((struct machine_rules){.up_limit_ns = 9 * A_SECOND_NS});
	step = machine_step(&machine, EVENT_READY, 0, NOW_NS + A_SECOND_NS);
	assert_int_equal(step.actions, MACHINE_PUBLISH);
	assert_true(machine.is_ready);
	assert_int_equal(machine_due_ns(&machine), 0);
}

static void a_service_that_does_not_end_in_time_has_failed(void **unused)
{
	struct machine machine = up_with(
		(struct machine_rules){.down_limit_ns = 5 * A_SECOND_NS});
	struct machine_step step;

	(void)unused;
	command(&machine, 'd', NOW_NS);
	step = at_its_time(&machine);
	assert_int_equal(step.actions, MACHINE_PUBLISH);
	assert_true(machine.is_failed);
	assert_int_equal(machine_due_ns(&machine), 0);
}

/* As a damaged record may have it. */
static void a_limit_without_a_process_is_none(void **unused)
{
	struct machine machine = {.limit_ns = NOW_NS};
	struct machine_step step;

	(void)unused;
	assert_int_equal(machine_due_ns(&machine), 0);
	step = machine_step(&machine, EVENT_TIMER, 0, NOW_NS);
	assert_int_equal(step.actions, 0);
}

/* A "stop" that hangs used to hold up a shutdown for ever. */
static void scripts_that_hang_are_killed(void **unused)
{
	struct machine_rules rules = all_scripts;
	struct machine machine;
	struct machine_step step;

	(void)unused;
	rules.finish_limit_ns = 2 * A_SECOND_NS;
	rules.down_limit_ns = 4 * A_SECOND_NS;
	machine = up_with(rules);
	ended(&machine, NOW_NS);
	assert_int_equal(machine_due_ns(&machine), NOW_NS + 2 * A_SECOND_NS);
	step = at_its_time(&machine);
	assert_int_equal(step.signals[0], SIGKILL);
	assert_false(machine.is_failed);
	command(&machine, 'd', NOW_NS);
	ended(&machine, NOW_NS);
	assert_int_equal(machine.phase, MACHINE_STOPPING);
	assert_int_equal(machine_due_ns(&machine), NOW_NS + 4 * A_SECOND_NS);
	step = at_its_time(&machine);
	assert_int_equal(step.signals[0], SIGKILL);
	assert_true(machine.is_failed);
}

/* As its policy has it; but the one who asks for it knows better. */
static void up_cuts_a_long_wait_short(void **unused)
{
	struct machine machine = {
		.rules = {.longest_wait_ns = 60 * A_SECOND_NS},
		.phase = MACHINE_UP,
		.want = MACHINE_WANT_UP,
		.start_due_ns = NOW_NS + 60 * A_SECOND_NS};
	struct machine_step step;

	(void)unused;
	ended(&machine, NOW_NS);
	assert_int_equal(machine.phase, MACHINE_WAITING);
	assert_int_equal(machine_due_ns(&machine), NOW_NS + 60 * A_SECOND_NS);
	step = command(&machine, 'u', NOW_NS + 1);
	assert_int_equal(step.actions, MACHINE_PUBLISH | MACHINE_TIMER);
	assert_int_equal(machine_due_ns(&machine),
			 NOW_NS + 1 + MACHINE_THROTTLE_NS);
}

static void reload_sends_the_signal_of_the_service(void **unused)
{
	struct machine machine =
		up_with((struct machine_rules){.reload_signal = SIGUSR1});
	struct machine_step step = command(&machine, 'l', NOW_NS);

	(void)unused;
	assert_int_equal(step.actions, MACHINE_SIGNAL);
	assert_int_equal(step.signals[0], SIGUSR1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_command_does_what_the_specification_says),
		cmocka_unit_test(begins_as_wanted),
		cmocka_unit_test(a_process_that_lived_long_is_followed_at_once),
		cmocka_unit_test(
			a_process_that_ends_early_is_followed_after_a_second),
		cmocka_unit_test(down_counts_also_while_a_start_is_due),
		cmocka_unit_test(up_and_down_in_a_row_cannot_beat_the_throttle),
		cmocka_unit_test(once_ends_down_with_neither_wanted),
		cmocka_unit_test(
			leaving_waits_for_the_process_and_is_not_revoked),
		cmocka_unit_test(
			term_does_not_wake_a_paused_process_but_down_does),
		cmocka_unit_test(refusals_back_off_and_are_forgotten),
		cmocka_unit_test(
			a_refused_start_of_what_is_wanted_down_is_not_tried_again),
		cmocka_unit_test(a_logger_told_to_drain_reads_all_there_is),
		cmocka_unit_test(down_while_a_drained_logger_waits_lets_it_go),
		cmocka_unit_test(a_start_due_in_years_comes_in_seconds),
		cmocka_unit_test(a_life_with_all_scripts),
		cmocka_unit_test(run_is_throttled_from_its_own_start_on),
		cmocka_unit_test(a_start_that_fails_is_not_tried_again),
		cmocka_unit_test(restart_during_start_starts_again),
		cmocka_unit_test(down_during_start_undoes_what_it_did),
		cmocka_unit_test(what_fails_for_good_stays_down),
		cmocka_unit_test(a_run_that_never_ran_needs_no_stop),
		cmocka_unit_test(a_refused_finish_is_skipped),
		cmocka_unit_test(signals_are_for_the_service_alone),
		cmocka_unit_test(leaving_while_a_start_is_due_stops_it_first),
		cmocka_unit_test(
			a_logger_drained_during_its_finish_starts_again),
		cmocka_unit_test(
			a_start_asked_for_on_the_way_down_comes_after_it),
		cmocka_unit_test(
			at_most_once_brings_nothing_up_that_was_told_to_end),
		cmocka_unit_test(a_one_shot_is_up_without_a_process),
		cmocka_unit_test(leaving_leaves_a_one_shot_as_it_is),
		cmocka_unit_test(
			what_outlives_its_down_is_killed_again_and_again),
		cmocka_unit_test(
			a_service_that_is_not_ready_in_time_has_failed),
		cmocka_unit_test(
			a_service_that_does_not_end_in_time_has_failed),
		cmocka_unit_test(a_limit_without_a_process_is_none),
		cmocka_unit_test(
			a_one_shot_that_is_held_yields_for_good_if_wanted_down),
		cmocka_unit_test(a_damaged_limit_grants_all_of_its_time),
		cmocka_unit_test(a_limit_that_passed_meanwhile_stays),
		cmocka_unit_test(a_damaged_moment_of_a_start_is_one),
		cmocka_unit_test(no_damage_starts_what_is_wanted_down),
		cmocka_unit_test(scripts_that_hang_are_killed),
		cmocka_unit_test(up_cuts_a_long_wait_short),
		cmocka_unit_test(reload_sends_the_signal_of_the_service),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
