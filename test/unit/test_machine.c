/*
 * test_machine.c -- every state that events can lead to meets every event.
 *
 * A state is what the machine holds plus what an onlooker remembers (when the
 * last start was), with all moments counted from "now" and clipped where going
 * further changes nothing; so the states are few enough to visit them all.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "service/control.h"
#include "service/machine.h"

#define NOW_NS        INT64_C(7000000000) /* any moment is as good */
#define AN_HOUR_NS    INT64_C(3600000000000)
#define NODES_MAX     8192
#define UNKNOWN_BYTE  '\376'
#define LETTERS_MAX   32
#define EVERY_MOMENTS 4

struct node {
	struct machine machine;
	int64_t due_in_ns;      /* start_due_ns from now on; 0: it has come */
	int64_t since_start_ns; /* clipped at the throttle */
};

struct exploration {
	struct node nodes[NODES_MAX];
	unsigned count, transitions;
	char letters[LETTERS_MAX];
	unsigned letter_count;
};

/* One step, as the checks see it. */
struct transition {
	struct node before;
	enum machine_event event;
	char letter;
	int64_t now_ns;
	struct machine after;
	struct machine_step step;
};

static struct exploration exploration;

static bool is_up(const struct machine *machine)
{
	return machine->phase == MACHINE_UP;
}

static bool is_same(const struct node *a, const struct node *b)
{
	return a->machine.phase == b->machine.phase &&
	       a->machine.want == b->machine.want &&
	       a->machine.is_paused == b->machine.is_paused &&
	       a->machine.is_term_sent == b->machine.is_term_sent &&
	       a->machine.is_leaving == b->machine.is_leaving &&
	       a->machine.is_draining == b->machine.is_draining &&
	       a->machine.refused == b->machine.refused &&
	       a->due_in_ns == b->due_in_ns &&
	       a->since_start_ns == b->since_start_ns;
}

static void visit(const struct node *node)
{
	for (unsigned i = 0; i < exploration.count; i++) {
		if (is_same(&exploration.nodes[i], node))
			return;
	}
	assert_true(exploration.count < NODES_MAX);
	exploration.nodes[exploration.count++] = *node;
}

/* ---- what must hold of every step ---- */

static bool has(const struct transition *t, unsigned action)
{
	return (t->step.actions & action) != 0;
}

static bool wishes_differ(const struct machine *a, const struct machine *b)
{
	return a->want != b->want || a->is_leaving != b->is_leaving ||
	       a->is_draining != b->is_draining;
}

static bool records_differ(const struct machine *a, const struct machine *b)
{
	return wishes_differ(a, b) || a->phase != b->phase ||
	       a->is_paused != b->is_paused ||
	       a->is_term_sent != b->is_term_sent;
}

/* A process comes by START, and goes when its end is reported. */
static void check_process(const struct transition *t)
{
	const struct machine *before = &t->before.machine, *after = &t->after;
	bool has_ended = is_up(before) && (t->event == EVENT_EXITED ||
					   t->event == EVENT_FAILED ||
					   t->event == EVENT_START_REFUSED);
	bool is_free = !is_up(before) || has_ended;

	if (has(t, MACHINE_START)) {
		assert_true(is_free);
		assert_true(is_up(after));
		assert_int_not_equal(after->want, MACHINE_WANT_DOWN);
		assert_true(t->now_ns - NOW_NS >= t->before.due_in_ns);
		assert_true(t->before.since_start_ns + t->now_ns - NOW_NS >=
			    MACHINE_THROTTLE_NS);
		assert_int_equal(after->start_due_ns,
				 t->now_ns + MACHINE_THROTTLE_NS);
		assert_false(after->is_paused);
		assert_false(after->is_term_sent);
	} else {
		assert_int_equal(is_up(after), is_up(before) && !has_ended);
	}
}

static void check_signals(const struct transition *t)
{
	const struct machine *before = &t->before.machine, *after = &t->after;
	const int *signals = t->step.signals;

	assert_int_equal(has(t, MACHINE_SIGNAL), signals[0] != 0);
	if (signals[0] != 0)
		assert_true(is_up(before) && is_up(after));
	if (signals[1] != 0) {
		assert_int_equal(signals[0], SIGTERM);
		assert_int_equal(signals[1], SIGCONT);
		assert_false(after->is_paused);
	}
	if (signals[0] == SIGTERM)
		assert_true(after->is_term_sent);
	if (signals[0] == SIGSTOP)
		assert_true(after->is_paused);
	if (signals[0] == SIGCONT)
		assert_false(after->is_paused);
	/* These say how a running process fares, so that must be known. */
	if (is_up(before) && is_up(after) && !has(t, MACHINE_START)) {
		if (before->is_term_sent != after->is_term_sent)
			assert_int_equal(signals[0], SIGTERM);
		if (before->is_paused != after->is_paused)
			assert_int_not_equal(signals[0], 0);
	}
}

static void check_records(const struct transition *t)
{
	const struct machine *before = &t->before.machine, *after = &t->after;

	if (wishes_differ(before, after))
		assert_true(has(t, MACHINE_PUBLISH));
	/* A start is published when it has succeeded, or not. */
	if (records_differ(before, after))
		assert_true(has(t, MACHINE_PUBLISH | MACHINE_START));
}

static void check_timer(const struct transition *t)
{
	const struct machine *before = &t->before.machine, *after = &t->after;
	int64_t wait_ns = after->start_due_ns - t->now_ns;

	if (has(t, MACHINE_TIMER))
		assert_int_equal(after->phase, MACHINE_WAITING);
	if (after->phase != MACHINE_WAITING)
		return;
	if (before->phase != MACHINE_WAITING || t->event == EVENT_TIMER ||
	    before->start_due_ns != after->start_due_ns)
		assert_true(has(t, MACHINE_TIMER));
	assert_true(wait_ns <= MACHINE_RETRY_MOST * MACHINE_RETRY_NS);
	if (has(t, MACHINE_TIMER))
		assert_true(wait_ns > 0);
}

static void check_refusals(const struct transition *t)
{
	const struct machine *before = &t->before.machine, *after = &t->after;
	unsigned wanted = before->refused;

	if (is_up(before) &&
	    (t->event == EVENT_EXITED || t->event == EVENT_FAILED))
		wanted = 0;
	if (is_up(before) && t->event == EVENT_START_REFUSED) {
		wanted = wanted < MACHINE_RETRY_MOST ? wanted + 1 : wanted;
		assert_int_equal(after->start_due_ns,
				 t->now_ns + wanted * MACHINE_RETRY_NS);
		assert_int_equal(after->phase == MACHINE_WAITING,
				 after->want != MACHINE_WANT_DOWN);
	}
	assert_int_equal(after->refused, wanted);
	assert_true(after->refused <= MACHINE_RETRY_MOST);
}

static void check_leaving(const struct transition *t)
{
	const struct machine *before = &t->before.machine, *after = &t->after;
	bool is_gone = after->phase == MACHINE_GONE;

	if (before->phase == MACHINE_GONE) {
		assert_int_equal(t->step.actions, 0);
		assert_false(records_differ(before, after));
		return;
	}
	assert_int_equal(has(t, MACHINE_LEAVE), is_gone);
	if (is_gone) {
		assert_true(after->is_leaving);
		assert_false(
			has(t, MACHINE_START | MACHINE_SIGNAL | MACHINE_TIMER));
	}
	if (before->is_leaving) {
		assert_true(after->is_leaving); /* it cannot be revoked */
		if (is_up(before) && t->event == EVENT_EXITED)
			assert_true(is_gone);
	}
	if (after->is_draining)
		assert_true(after->is_leaving);
	/* Whoever asks it to leave means it, also during a stop. */
	if (t->event == EVENT_COMMAND && t->letter == 'x')
		assert_false(after->is_draining);
	/* Nothing runs and nothing is due: then nothing would end it later. */
	if (after->is_leaving)
		assert_int_not_equal(after->phase, MACHINE_DOWN);
}

static void check_unknown_byte(const struct transition *t)
{
	if (t->event != EVENT_COMMAND || t->letter != UNKNOWN_BYTE)
		return;
	assert_int_equal(t->step.actions, 0);
	assert_false(records_differ(&t->before.machine, &t->after));
	assert_int_equal(t->before.machine.start_due_ns, t->after.start_due_ns);
}

/* However it stands, an orderly stop needs one exit at most. */
static void check_stop(const struct node *node)
{
	struct machine machine = node->machine;
	struct machine_step step;

	if (machine.phase == MACHINE_GONE)
		return;
	step = machine_step(&machine, EVENT_STOP, 0, NOW_NS);
	assert_int_equal(machine.want, MACHINE_WANT_DOWN);
	if (machine.phase != MACHINE_GONE) {
		assert_true(is_up(&machine));
		assert_int_equal(step.signals[0], SIGTERM);
		assert_int_equal(step.signals[1], SIGCONT);
		step = machine_step(&machine, EVENT_EXITED, 0, NOW_NS);
	}
	assert_int_equal(machine.phase, MACHINE_GONE);
	assert_true(step.actions & MACHINE_LEAVE);
}

/* One that leaves and still waits to start gets there by itself. */
static void check_drain(const struct node *node)
{
	struct machine machine = node->machine;
	int64_t now_ns = NOW_NS + AN_HOUR_NS;
	struct machine_step step;

	if (machine.phase == MACHINE_GONE)
		return;
	step = machine_step(&machine, EVENT_DRAIN, 0, NOW_NS);
	assert_int_not_equal(step.signals[0], SIGTERM);
	/* What was wished for holds again, should nobody finish the stop. */
	assert_int_equal(machine.want, node->machine.want);
	if (!node->machine.is_leaving)
		assert_true(machine.is_draining);
	if (machine.phase == MACHINE_WAITING)
		machine_step(&machine, EVENT_TIMER, 0, now_ns);
	if (is_up(&machine))
		machine_step(&machine, EVENT_EXITED, 0, now_ns);
	assert_int_equal(machine.phase, MACHINE_GONE);
}

/* ---- going everywhere ---- */

static void take(const struct node *from, enum machine_event event, char letter,
		 int64_t later_ns)
{
	struct transition t = {.before = *from,
			       .event = event,
			       .letter = letter,
			       .now_ns = NOW_NS + later_ns,
			       .after = from->machine};
	struct node next;

	t.step = machine_step(&t.after, event, letter, t.now_ns);
	exploration.transitions++;
	check_process(&t);
	check_signals(&t);
	check_records(&t);
	check_timer(&t);
	check_refusals(&t);
	check_leaving(&t);
	check_unknown_byte(&t);

	next.machine = t.after;
	next.due_in_ns = t.after.start_due_ns - t.now_ns;
	if (next.due_in_ns < 0)
		next.due_in_ns = 0;
	next.machine.start_due_ns = NOW_NS + next.due_in_ns;
	next.since_start_ns = from->since_start_ns + later_ns;
	if (t.step.actions & MACHINE_START)
		next.since_start_ns = 0;
	if (next.since_start_ns > MACHINE_THROTTLE_NS)
		next.since_start_ns = MACHINE_THROTTLE_NS;
	visit(&next);
}

static void take_all(const struct node *from)
{
	/* Now, just before a start may come, just then, and just after. */
	const int64_t moments[EVERY_MOMENTS] = {
		0, from->due_in_ns - 1, from->due_in_ns, from->due_in_ns + 1};

	for (int i = 0; i < EVERY_MOMENTS; i++) {
		if (moments[i] < 0)
			continue;
		for (int event = 0; event < EVENT_COUNT; event++) {
			if (event != EVENT_COMMAND)
				take(from, (enum machine_event)event, 0,
				     moments[i]);
		}
		for (unsigned j = 0; j < exploration.letter_count; j++)
			take(from, EVENT_COMMAND, exploration.letters[j],
			     moments[i]);
	}
	check_stop(from);
	check_drain(from);
}

static void gather_letters(void)
{
	const struct control *row;

	exploration.letters[exploration.letter_count++] = UNKNOWN_BYTE;
	for (unsigned i = 0; (row = control_row(i)); i++) {
		assert_true(exploration.letter_count < LETTERS_MAX);
		exploration.letters[exploration.letter_count++] = row->letter;
	}
}

/* How supervision may begin: from nothing, or with a process taken over. */
static void visit_beginnings(void)
{
	static const enum machine_want wants[] = {
		MACHINE_WANT_UP, MACHINE_WANT_DOWN, MACHINE_WANT_ONCE};

	for (int i = 0; i < 3; i++) {
		struct node node = {
			.machine = {.want = wants[i], .start_due_ns = NOW_NS},
			.since_start_ns = MACHINE_THROTTLE_NS};

		visit(&node);
		for (int flags = 0; flags < 8; flags++) {
			node.machine.phase = MACHINE_UP;
			node.machine.is_paused = (flags & 1) != 0;
			node.machine.is_term_sent = (flags & 2) != 0;
			node.machine.is_leaving = (flags & 4) != 0;
			visit(&node);
		}
	}
}

static void every_reachable_step_keeps_the_invariants(void **unused)
{
	(void)unused;
	gather_letters();
	visit_beginnings();
	for (unsigned i = 0; i < exploration.count; i++)
		take_all(&exploration.nodes[i]);
	print_message("%u states, %u transitions\n", exploration.count,
		      exploration.transitions);
	/* Far fewer would mean that the walk has stopped walking. */
	assert_true(exploration.count > 100);
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
	{'E', DOWN_, W_D, false, DOWN_, W_D, false, 0, {0, 0}},
	{0,   UP_,   W_U, false, UP_,   W_U, false, 0, {0, 0}},
	{'\n', UP_,  W_U, false, UP_,   W_U, false, 0, {0, 0}},
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

static void every_letter_stands_for_one_thing(void **unused)
{
	const struct control *row;

	(void)unused;
	for (unsigned i = 0; (row = control_row(i)); i++) {
		assert_ptr_equal(control_find(row->letter), row);
		assert_true(row->effect < CONTROL_EFFECT_COUNT);
		assert_true(strlen(row->name) > 0);
		assert_int_equal(row->signal_number != 0,
				 row->effect == CONTROL_SIGNAL ||
					 row->effect == CONTROL_RELOAD ||
					 row->effect == CONTROL_PAUSE ||
					 row->effect == CONTROL_CONTINUE);
	}
	assert_null(control_find(UNKNOWN_BYTE));
	assert_null(control_find('\0'));
	assert_null(control_row(UINT32_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_letter_stands_for_one_thing),
		cmocka_unit_test(every_reachable_step_keeps_the_invariants),
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
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
