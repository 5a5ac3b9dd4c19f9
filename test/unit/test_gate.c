/*
 * test_gate.c -- a machine that has to wait for others: whatever happens, and
 * whichever scripts it has.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "random.h"
#include "service/machine.h"

#define STEPS  300000
#define SECOND INT64_C(1000000000)

static const char letters[] = "udoxpchaitkrOQDU?";

struct walk {
	struct machine machine;
	int64_t now_ns;
	uint32_t seed;
};

static bool is_up(const struct machine *machine)
{
	return machine_has_process(machine->phase) ||
	       machine->phase == MACHINE_ACTIVE;
}

static void begin(struct walk *walk)
{
	uint32_t bits = next_random(&walk->seed);

	walk->machine = (struct machine){.want = bits & 1 ? MACHINE_WANT_UP
							  : MACHINE_WANT_DOWN};
	walk->machine.rules.has_start = bits >> 1 & 1;
	walk->machine.rules.has_finish = bits >> 2 & 1;
	walk->machine.rules.has_stop = bits >> 3 & 1;
	walk->machine.rules.is_oneshot = (bits >> 4 & 1) && (bits >> 1 & 1);
	walk->machine.rules.kill_after_ns = bits >> 5 & 1 ? SECOND : 0;
	walk->machine.rules.up_limit_ns = bits >> 6 & 1 ? SECOND : 0;
}

static void check_start(const struct machine *before,
			const struct machine *after,
			const struct machine_step *step)
{
	if (!(step->actions & MACHINE_START) || !before->must_wait)
		return;
	/* What began before it had to wait goes on; what ends, may. */
	assert_true(after->phase == MACHINE_FINISHING ||
		    after->phase == MACHINE_STOPPING ||
		    (after->phase == MACHINE_UP &&
		     before->phase == MACHINE_STARTING));
}

static void check_held(const struct walk *walk, const struct machine *before,
		       enum machine_event event, char letter,
		       const struct machine_step *step)
{
	const struct machine *after = &walk->machine;
	bool is_down =
		event == EVENT_COMMAND && (letter == 'd' || letter == 'D');

	if (!before->is_held || before->is_ending)
		return;
	if (event == EVENT_RELEASED || event == EVENT_STOP ||
	    (is_down && before->want != MACHINE_WANT_DOWN)) {
		assert_int_equal(step->signals[0], 0);
		/* What runs, or is up, stays so; and the wish is on record. */
		if (is_up(before))
			assert_int_equal(before->phase, after->phase);
		if (event != EVENT_RELEASED)
			assert_true(step->actions & MACHINE_PUBLISH);
	}
	/* Said twice, it waits for nobody. */
	if (is_down && before->want == MACHINE_WANT_DOWN &&
	    before->phase == MACHINE_UP)
		assert_int_not_equal(step->signals[0], 0);
}

/* Let go, it starts, or knows when. */
static void check_release(const struct walk *walk)
{
	struct machine machine = walk->machine;
	struct machine_step step;

	if (machine.phase != MACHINE_WAITING)
		return;
	machine.must_wait = true;
	assert_int_equal(machine_due_ns(&machine), 0);
	machine.must_wait = false;
	step = machine_step(&machine, EVENT_RELEASED, 0, walk->now_ns);
	if (machine.phase == MACHINE_WAITING) {
		assert_true(step.actions & MACHINE_TIMER);
		assert_true(machine_due_ns(&machine) > walk->now_ns);
	} else {
		assert_true(step.actions & MACHINE_START);
	}
}

/* A held stop ends when it is let go: every path comes to its end. */
static void check_stop(const struct walk *walk)
{
	struct machine machine = walk->machine;

	if (machine.phase == MACHINE_GONE)
		return;
	machine.is_held = true;
	machine_step(&machine, EVENT_STOP, 0, walk->now_ns);
	machine.is_held = false;
	machine_step(&machine, EVENT_RELEASED, 0, walk->now_ns);
	for (int i = 0; i < 4 && machine.phase != MACHINE_GONE; i++)
		machine_step(&machine, EVENT_EXITED, 0, walk->now_ns);
	assert_int_equal(machine.phase, MACHINE_GONE);
}

/* What yields comes back, if it is let. */
static void check_yield(const struct walk *walk)
{
	struct machine machine = walk->machine;
	enum machine_want want = machine.want;

	if (machine.is_leaving || machine.want != MACHINE_WANT_UP ||
	    (machine.phase != MACHINE_UP && machine.phase != MACHINE_ACTIVE))
		return;
	machine.must_wait = true;
	machine_step(&machine, EVENT_YIELD, 0, walk->now_ns);
	for (int i = 0; i < 4 && machine_has_process(machine.phase); i++)
		machine_step(&machine, EVENT_EXITED, 0, walk->now_ns);
	assert_int_equal(machine.phase, MACHINE_WAITING);
	assert_int_equal(machine.want, want);
}

static void take(struct walk *walk)
{
	struct machine before;
	enum machine_event event;
	struct machine_step step;
	uint32_t bits = next_random(&walk->seed);
	char letter = letters[bits % (sizeof(letters) - 1)];

	walk->machine.must_wait = bits >> 8 & 1;
	walk->machine.is_held = bits >> 9 & 1;
	before = walk->machine;
	event = (enum machine_event)((bits >> 10) % EVENT_COUNT);
	walk->now_ns += (bits >> 20) % 3 * SECOND / 2;
	step = machine_step(&walk->machine, event, letter, walk->now_ns);
	check_start(&before, &walk->machine, &step);
	check_held(walk, &before, event, letter, &step);
	check_release(walk);
	check_stop(walk);
	check_yield(walk);
}

static void others_come_first_whatever_happens(void **unused)
{
	struct walk walk = {.seed = 11, .now_ns = 100 * SECOND};
	unsigned phases[MACHINE_PHASE_COUNT] = {0};

	(void)unused;
	begin(&walk);
	for (int i = 0; i < STEPS; i++) {
		take(&walk);
		phases[walk.machine.phase]++;
		if (walk.machine.phase == MACHINE_GONE || i % 64 == 0)
			begin(&walk);
	}
	/* None that the walk has never been in. */
	for (int phase = 0; phase < MACHINE_PHASE_COUNT; phase++)
		assert_true(phases[phase] > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(others_come_first_whatever_happens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
