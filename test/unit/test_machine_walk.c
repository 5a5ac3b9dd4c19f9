/*
 * test_machine_walk.c -- every state that events can lead to meets every event.
 *
 * For each combination of rules that matters, from those of 0.76 on. A state is
 * what the machine holds plus what an onlooker remembers (when the last start
 * was, whether "stop" is due), with all moments counted from "now" and clipped
 * where going further changes nothing; so the states are few enough to visit
 * them all. That time passes is a step like others.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "service/control.h"
#include "service/machine.h"

#define NOW_NS       INT64_C(7000000000) /* any moment is as good */
#define AN_HOUR_NS   INT64_C(3600000000000)
#define A_SECOND_NS  INT64_C(1000000000)
#define NODES_MAX    (1U << 17)
#define SLOT_COUNT   (1U << 18) /* a power of 2, and far more than nodes */
#define UNKNOWN_BYTE '\376'
#define LETTERS_MAX  32
#define NO_LIMIT     (-1)
/* More steps than any way to the end takes. */
#define STEPS_MOST 16

struct node {
	struct machine machine;
	int64_t due_in_ns;      /* start_due_ns from now on; 0: it has come */
	int64_t limit_in_ns;    /* the same of limit_ns; NO_LIMIT: none */
	int64_t since_start_ns; /* clipped at the throttle */
	bool owes_stop;         /* it came up, and "stop" didn't run since */
	bool is_given_up;       /* it failed, and nobody asked for it since */
};

/* All that makes two nodes differ. */
struct key {
	uint64_t bits;
	int64_t due_in_ns, limit_in_ns, since_start_ns;
};

struct walk {
	struct machine_rules rules;
	bool is_classic; /* those of 0.76 */
	unsigned count, transitions;
	char letters[LETTERS_MAX];
	unsigned letter_count;
	struct node *nodes;
	struct key *keys;
	uint32_t *slots; /* index of a node plus 1; 0: free */
	/* What is being tried, for whoever has to find out why it failed. */
	const struct node *from;
	enum machine_event event;
	char letter;
};

/* One step, as the checks see it. All happens at NOW_NS. */
struct transition {
	const struct machine_rules *rules;
	const struct node *node;
	const struct machine *before; /* of the node */
	enum machine_event event;
	char letter;
	const struct control *command; /* NULL: none, or not for this machine */
	struct machine after;
	struct machine_step step;
	bool runs, has_ended; /* a process before it; and that one no more */
	bool is_told;         /* it is told to end, by this step */
	bool owes_stop;       /* as the node has it, or as of this step */
};

static struct walk walk;

static bool is_service(enum machine_phase phase)
{
	return phase == MACHINE_STARTING || phase == MACHINE_UP;
}

/* ---- the states seen so far ---- */

static struct key key_of(const struct node *node)
{
	const struct machine *m = &node->machine;
	const bool flags[] = {m->is_paused,    m->is_term_sent,  m->is_leaving,
			      m->is_draining,  m->is_ending,     m->is_started,
			      m->is_start_due, m->is_ready,      m->is_failed,
			      node->owes_stop, node->is_given_up};
	struct key key = {.due_in_ns = node->due_in_ns,
			  .limit_in_ns = node->limit_in_ns,
			  .since_start_ns = node->since_start_ns};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		key.bits |= (uint64_t)flags[i] << i;
	key.bits |= (uint64_t)m->phase << 16 | (uint64_t)m->want << 24 |
		    (uint64_t)m->refused << 32;
	return key;
}

static uint64_t hash_of(const struct key *key)
{
	const uint64_t words[] = {key->bits, (uint64_t)key->due_in_ns,
				  (uint64_t)key->limit_in_ns,
				  (uint64_t)key->since_start_ns};
	uint64_t hash = 0;

	for (int i = 0; i < 4; i++) {
		hash = (hash ^ words[i]) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
	}
	return hash;
}

static void visit(const struct node *node)
{
	struct key key = key_of(node);
	uint64_t at = hash_of(&key);

	for (;; at++) {
		uint32_t *slot = &walk.slots[at % SLOT_COUNT];

		if (*slot == 0) {
			assert_true(walk.count < NODES_MAX);
			walk.keys[walk.count] = key;
			walk.nodes[walk.count] = *node;
			*slot = ++walk.count;
			return;
		}
		if (memcmp(&walk.keys[*slot - 1], &key, sizeof(key)) == 0)
			return;
	}
}

/* ---- what must hold of every step ---- */

static bool has(const struct transition *t, unsigned action)
{
	return (t->step.actions & action) != 0;
}

/* Whether it is the command with this effect. */
static bool is_command(const struct transition *t, enum control_effect effect)
{
	return t->command && t->command->effect == effect;
}

static bool is_asked_for(const struct transition *t)
{
	return is_command(t, CONTROL_UP) || is_command(t, CONTROL_ONCE);
}

/* Whether patience with the running process ends in this step. */
static bool is_out_of_time(const struct transition *t)
{
	return t->event == EVENT_TIMER && t->runs && t->node->limit_in_ns == 0;
}

/* The service isn't ready in time. */
static bool is_late(const struct transition *t)
{
	return is_out_of_time(t) && is_service(t->before->phase) &&
	       !t->before->is_ending;
}

static bool is_told(const struct transition *t)
{
	if (!is_service(t->before->phase))
		return false;
	if (t->event == EVENT_YIELD)
		return t->before->phase == MACHINE_UP && !t->before->is_ending;
	if (t->event == EVENT_RELEASED)
		return machine_is_held_back(t->before);
	return is_command(t, CONTROL_DOWN) || is_command(t, CONTROL_RESTART) ||
	       t->event == EVENT_STOP || is_late(t);
}

/* Whether the process is killed, as it has outlived its limit. */
static bool is_killed(const struct transition *t)
{
	return is_out_of_time(t) && !is_late(t) &&
	       (!is_service(t->before->phase) || t->rules->kill_after_ns > 0);
}

/* Whether what was to come up has failed by itself. */
static bool has_failed(const struct transition *t)
{
	if (t->event != EVENT_FAILED)
		return false;
	return t->before->phase == MACHINE_UP ||
	       t->before->phase == MACHINE_FINISHING ||
	       (t->before->phase == MACHINE_STARTING &&
		!t->before->is_term_sent);
}

/* "run" right after "start" is one coming up, and not held apart. */
static bool is_handover(const struct transition *t)
{
	return t->before->phase == MACHINE_STARTING &&
	       t->event == EVENT_EXITED && t->after.phase == MACHINE_UP;
}

static void check_start_of_service(const struct transition *t)
{
	const struct machine *after = &t->after;
	bool is_start_first =
		t->rules->is_oneshot || (t->rules->has_start && !t->owes_stop);

	assert_int_not_equal(after->want, MACHINE_WANT_DOWN);
	assert_true(!t->node->is_given_up || is_asked_for(t));
	assert_int_equal(after->phase,
			 is_start_first ? MACHINE_STARTING : MACHINE_UP);
	assert_int_equal(after->start_due_ns, NOW_NS + MACHINE_THROTTLE_NS);
	assert_false(after->is_failed);
	assert_false(after->is_start_due);
	if (is_handover(t))
		return;
	assert_int_equal(t->node->due_in_ns, 0);
	assert_true(t->node->since_start_ns >= MACHINE_THROTTLE_NS);
	/* One that leaves starts for its pipe's sake, or tries to again. */
	if (after->is_leaving)
		assert_true(after->is_draining || t->before->refused > 0);
}

static void check_start(const struct transition *t)
{
	const struct machine *after = &t->after;

	assert_true(!t->runs || t->has_ended);
	assert_false(after->is_paused);
	assert_false(after->is_term_sent);
	assert_false(after->is_ending);
	assert_false(after->is_ready);
	if (is_service(after->phase))
		check_start_of_service(t);
	if (after->phase != MACHINE_STOPPING)
		return;
	assert_true(t->rules->has_stop && t->owes_stop);
	/* It goes down to come up again, when it may. */
	if (t->event == EVENT_YIELD)
		return;
	assert_false(after->is_start_due);
	if (after->want == MACHINE_WANT_UP)
		assert_true(after->is_leaving);
}

/* A process comes by START, and goes when its end is reported. */
static void check_process(const struct transition *t)
{
	const struct machine *before = t->before, *after = &t->after;
	bool is_finish = before->phase == MACHINE_UP && t->has_ended &&
			 t->event != EVENT_START_REFUSED &&
			 t->rules->has_finish;

	if (has(t, MACHINE_START))
		check_start(t);
	else if (t->runs && !t->has_ended)
		assert_int_equal(after->phase, before->phase);
	assert_int_equal(machine_has_process(after->phase),
			 has(t, MACHINE_START) || (t->runs && !t->has_ended));
	/* "finish" after each end of "run", and only then. */
	assert_int_equal(has(t, MACHINE_START) &&
				 after->phase == MACHINE_FINISHING,
			 is_finish);
	if (after->phase == MACHINE_ACTIVE) {
		assert_true(t->rules->is_oneshot && t->owes_stop);
		assert_true(after->is_ready && !after->is_leaving);
	}
	if (after->phase == MACHINE_DOWN)
		assert_false(after->is_ready || after->is_start_due);
}

/* Whatever came up was undone, except by one that leaves it up. */
static void check_stop_is_done(const struct transition *t)
{
	bool is_left_up = t->rules->is_oneshot &&
			  t->after.phase == MACHINE_GONE &&
			  !t->after.is_draining &&
			  (t->before->phase == MACHINE_ACTIVE ||
			   t->before->phase == MACHINE_STARTING);

	if (t->before->phase == MACHINE_GONE || !t->owes_stop ||
	    !t->rules->has_stop || is_left_up)
		return;
	assert_int_not_equal(t->after.phase, MACHINE_DOWN);
	assert_int_not_equal(t->after.phase, MACHINE_GONE);
}

/* Signals that a command or an end of patience demands, and no others. */
static void expect_signals(const struct transition *t, int signals[2])
{
	bool is_for_it = is_service(t->before->phase);

	signals[0] = signals[1] = 0;
	if (t->is_told || is_killed(t)) {
		signals[0] = is_killed(t)            ? SIGKILL
			     : t->rules->down_signal ? t->rules->down_signal
						     : SIGTERM;
		signals[1] = SIGCONT;
	} else if (is_command(t, CONTROL_RELOAD) && is_for_it) {
		signals[0] = t->rules->reload_signal ? t->rules->reload_signal
						     : SIGHUP;
	} else if (t->command && t->command->signal_number == SIGKILL) {
		signals[0] = t->runs ? SIGKILL : 0;
	} else if (t->command && is_for_it) {
		signals[0] = t->command->signal_number;
	} else if (t->event == EVENT_DRAIN && is_for_it &&
		   t->before->is_paused) {
		signals[0] = SIGCONT;
	}
}

static void check_signals(const struct transition *t)
{
	int expected[2];

	expect_signals(t, expected);
	assert_int_equal(t->step.signals[0], expected[0]);
	assert_int_equal(t->step.signals[1], expected[1]);
	assert_int_equal(has(t, MACHINE_SIGNAL), expected[0] != 0);
	assert_int_equal(t->step.is_to_group,
			 t->command && t->command->is_to_group);
}

static enum machine_want expect_want(const struct transition *t)
{
	if (is_command(t, CONTROL_UP))
		return MACHINE_WANT_UP;
	if (is_command(t, CONTROL_ONCE) ||
	    (is_command(t, CONTROL_AT_MOST_ONCE) &&
	     (t->before->want == MACHINE_WANT_UP || !t->runs)))
		return MACHINE_WANT_ONCE;
	if (is_command(t, CONTROL_DOWN) || t->event == EVENT_STOP ||
	    has_failed(t) || is_late(t))
		return MACHINE_WANT_DOWN;
	return t->before->want;
}

static void check_wishes(const struct transition *t)
{
	const struct machine *before = t->before, *after = &t->after;
	bool is_leaving = before->is_leaving || is_command(t, CONTROL_LEAVE) ||
			  t->event == EVENT_STOP || t->event == EVENT_DRAIN;
	bool is_draining = before->is_draining;

	if (t->event == EVENT_DRAIN && !before->is_leaving)
		is_draining = true;
	/* Whoever asks it to leave means it, also during a stop. */
	if (is_command(t, CONTROL_LEAVE))
		is_draining = false;
	assert_int_equal(after->want, expect_want(t));
	if (t->node->is_given_up && !is_asked_for(t))
		assert_int_not_equal(after->want, MACHINE_WANT_UP);
	assert_int_equal(after->is_leaving, is_leaving);
	assert_int_equal(after->is_draining, is_draining);
	/* What was asked for on the way down is remembered, and no more. */
	if (after->is_start_due && !before->is_start_due)
		assert_true(is_asked_for(t) ||
			    (t->event == EVENT_YIELD &&
			     before->phase == MACHINE_ACTIVE) ||
			    (t->event == EVENT_DRAIN &&
			     before->want == MACHINE_WANT_UP));
	if (after->want == MACHINE_WANT_DOWN)
		assert_false(after->is_start_due);
	if (after->is_start_due)
		assert_true(after->phase == MACHINE_FINISHING ||
			    after->phase == MACHINE_STOPPING);
}

/* How the process fares that runs before and after. */
static void check_running(const struct transition *t)
{
	const struct machine *before = t->before, *after = &t->after;
	int first = t->step.signals[0];

	if (!t->runs || t->has_ended)
		return;
	assert_int_equal(after->is_ending, before->is_ending || t->is_told);
	assert_int_equal(after->is_term_sent, before->is_term_sent ||
						      t->is_told ||
						      first == SIGTERM);
	assert_int_equal(after->is_ready,
			 before->is_ready || (t->event == EVENT_READY &&
					      before->phase == MACHINE_UP));
	if (t->event == EVENT_READY && after->is_ready == before->is_ready)
		assert_int_equal(t->step.actions, 0); /* it is known */
}

static void check_pause(const struct transition *t)
{
	bool is_paused = t->before->is_paused;

	if (is_command(t, CONTROL_PAUSE))
		is_paused = true;
	else if (is_command(t, CONTROL_CONTINUE) || t->has_ended ||
		 has(t, MACHINE_START) || t->step.signals[0] == SIGCONT ||
		 t->step.signals[1] == SIGCONT)
		is_paused = false;
	assert_int_equal(t->after.is_paused, is_paused);
}

static void check_failure(const struct transition *t)
{
	const struct machine *before = t->before, *after = &t->after;
	bool is_too_long =
		is_out_of_time(t) && !is_late(t) &&
		(is_service(before->phase) ? t->rules->kill_after_ns == 0
					   : before->phase == MACHINE_STOPPING);

	if (has_failed(t) || is_late(t) || is_too_long) {
		assert_true(after->is_failed);
		return;
	}
	if ((has(t, MACHINE_START) && is_service(after->phase)) ||
	    after->phase == MACHINE_ACTIVE)
		assert_false(after->is_failed);
	else
		assert_int_equal(after->is_failed, before->is_failed);
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
	       a->is_term_sent != b->is_term_sent ||
	       a->is_ending != b->is_ending || a->is_started != b->is_started ||
	       a->is_start_due != b->is_start_due ||
	       a->is_ready != b->is_ready || a->is_failed != b->is_failed;
}

static void check_records(const struct transition *t)
{
	enum control_down_file file =
		t->command ? t->command->down_file : CONTROL_DOWN_LEFT;

	if (wishes_differ(t->before, &t->after))
		assert_true(has(t, MACHINE_PUBLISH));
	/* A start is published when it has succeeded, or not. */
	if (records_differ(t->before, &t->after))
		assert_true(has(t, MACHINE_PUBLISH | MACHINE_START));
	assert_int_equal(has(t, MACHINE_MAKE_DOWN), file == CONTROL_DOWN_MADE);
	assert_int_equal(has(t, MACHINE_REMOVE_DOWN),
			 file == CONTROL_DOWN_REMOVED);
	if (file != CONTROL_DOWN_LEFT)
		assert_true(has(t, MACHINE_PUBLISH));
}

static int64_t limit_of_phase(const struct transition *t)
{
	switch (t->after.phase) {
	case MACHINE_STARTING:
	case MACHINE_UP: return t->rules->up_limit_ns;
	case MACHINE_FINISHING: return t->rules->finish_limit_ns;
	case MACHINE_STOPPING: return t->rules->down_limit_ns;
	default: return 0;
	}
}

/* How long patience lasts from now on; 0: for ever. -1: until when it did. */
static int64_t expect_limit(const struct transition *t)
{
	if (has(t, MACHINE_START))
		return limit_of_phase(t);
	if (!t->runs || t->has_ended)
		return 0;
	if (t->is_told && !t->before->is_ending)
		return t->rules->kill_after_ns ? t->rules->kill_after_ns
					       : t->rules->down_limit_ns;
	if (is_killed(t))
		return MACHINE_KILL_AGAIN_NS;
	if (is_out_of_time(t))
		return 0;
	if (t->event == EVENT_READY && t->before->phase == MACHINE_UP &&
	    !t->before->is_ready && !t->before->is_ending)
		return 0;
	return -1;
}

static void check_limit(const struct transition *t)
{
	int64_t limit_ns = expect_limit(t);

	if (limit_ns == -1)
		limit_ns = t->before->limit_ns;
	else if (limit_ns > 0)
		limit_ns += NOW_NS;
	assert_int_equal(t->after.limit_ns, limit_ns);
}

static void check_timer(const struct transition *t)
{
	const struct machine *before = t->before, *after = &t->after;
	int64_t due_ns = 0;

	if (after->phase == MACHINE_WAITING)
		due_ns = after->start_due_ns;
	else if (machine_has_process(after->phase))
		due_ns = after->limit_ns;
	assert_int_equal(machine_due_ns(after), due_ns);
	if (has(t, MACHINE_TIMER))
		assert_true(due_ns > NOW_NS);
	if (due_ns != 0 && due_ns != machine_due_ns(before))
		assert_true(has(t, MACHINE_TIMER));
	if (t->event != EVENT_TIMER || machine_due_ns(before) == 0)
		return;
	/* Too early, and nothing happens but that it is asked for again. */
	if (machine_due_ns(before) > NOW_NS) {
		assert_true(has(t, MACHINE_TIMER));
		assert_false(has(t, MACHINE_START | MACHINE_SIGNAL));
		assert_false(records_differ(before, after));
	} else if (before->phase == MACHINE_WAITING) {
		assert_true(has(t, MACHINE_START));
	}
}

static void check_wait(const struct transition *t)
{
	int64_t longest_ns = MACHINE_RETRY_MOST * MACHINE_RETRY_NS;

	if (longest_ns < t->rules->longest_wait_ns)
		longest_ns = t->rules->longest_wait_ns;
	if (t->after.phase == MACHINE_WAITING)
		assert_true(t->after.start_due_ns - NOW_NS <= longest_ns);
	if (is_asked_for(t) && !is_service(t->before->phase) &&
	    t->before->phase != MACHINE_GONE)
		assert_true(t->after.start_due_ns - NOW_NS <=
			    MACHINE_THROTTLE_NS);
	else if (!has(t, MACHINE_START) && t->event != EVENT_START_REFUSED &&
		 t->node->due_in_ns <= longest_ns)
		assert_int_equal(t->after.start_due_ns,
				 t->before->start_due_ns);
}

static void check_refusals(const struct transition *t)
{
	const struct machine *before = t->before, *after = &t->after;
	unsigned wanted = before->refused;

	if (t->has_ended && t->event != EVENT_START_REFUSED)
		wanted = 0;
	if (t->event == EVENT_START_REFUSED && is_service(before->phase)) {
		wanted = wanted < MACHINE_RETRY_MOST ? wanted + 1 : wanted;
		assert_int_equal(after->start_due_ns,
				 NOW_NS + wanted * MACHINE_RETRY_NS);
		assert_int_equal(after->phase == MACHINE_WAITING,
				 after->want != MACHINE_WANT_DOWN);
	} else if (t->event == EVENT_START_REFUSED && t->runs) {
		wanted = 0; /* the service had been started */
	}
	assert_int_equal(after->refused, wanted);
	assert_true(after->refused <= MACHINE_RETRY_MOST);
}

static void check_leaving(const struct transition *t)
{
	const struct machine *before = t->before, *after = &t->after;
	bool is_gone = after->phase == MACHINE_GONE;

	if (before->phase == MACHINE_GONE) {
		assert_int_equal(t->step.actions, 0);
		assert_true(is_gone);
		return;
	}
	assert_int_equal(has(t, MACHINE_LEAVE), is_gone);
	if (is_gone) {
		assert_true(after->is_leaving);
		assert_false(
			has(t, MACHINE_START | MACHINE_SIGNAL | MACHINE_TIMER));
	}
	/* Nothing runs and nothing is due: then nothing would end it later. */
	if (after->is_leaving) {
		assert_int_not_equal(after->phase, MACHINE_DOWN);
		assert_int_not_equal(after->phase, MACHINE_ACTIVE);
	}
	if (after->is_leaving && after->phase == MACHINE_WAITING)
		assert_true(after->is_draining || after->refused > 0);
}

static void check_unknown_byte(const struct transition *t)
{
	if (t->event != EVENT_COMMAND || t->letter != UNKNOWN_BYTE)
		return;
	assert_int_equal(t->step.actions, 0);
	assert_false(records_differ(t->before, &t->after));
	assert_int_equal(t->before->start_due_ns, t->after.start_due_ns);
}

/* Where "start" is cut short, as by "restart", it is what was last asked for
 * that counts. */
static void check_start_cut_short(const struct transition *t)
{
	bool is_wanted =
		t->before->want == MACHINE_WANT_UP && !t->before->is_leaving;

	if (t->event != EVENT_FAILED || t->before->phase != MACHINE_STARTING)
		return;
	if (t->before->is_term_sent && is_wanted)
		assert_true(t->after.phase == MACHINE_WAITING ||
			    t->after.phase == MACHINE_STARTING);
	else if (t->owes_stop && t->rules->has_stop)
		assert_int_equal(t->after.phase, MACHINE_STOPPING);
	else
		assert_true(t->after.phase == MACHINE_DOWN ||
			    t->after.phase == MACHINE_GONE);
}

/* What 0.76 has no scripts and no limits for. */
static void check_classic(const struct transition *t)
{
	const struct machine *before = t->before, *after = &t->after;

	assert_true(after->phase == MACHINE_DOWN ||
		    after->phase == MACHINE_WAITING ||
		    after->phase == MACHINE_UP || after->phase == MACHINE_GONE);
	if (before->is_leaving && before->phase == MACHINE_UP &&
	    (t->event == EVENT_EXITED || t->event == EVENT_FAILED))
		assert_int_equal(after->phase, MACHINE_GONE);
	if (has(t, MACHINE_TIMER))
		assert_int_equal(after->phase, MACHINE_WAITING);
	assert_false(after->is_start_due);
	assert_int_equal(after->limit_ns, 0);
	/* Down is what "finish" and "stop" would make it wait for. */
	if (before->phase == MACHINE_UP && t->event == EVENT_EXITED &&
	    !before->is_leaving && before->want != MACHINE_WANT_UP)
		assert_int_equal(after->phase, MACHINE_DOWN);
}

/* What a supervisor wrote, the next one reads as it is. */
static void check_mend(const struct transition *t)
{
	struct machine mended = t->after;

	if (mended.phase == MACHINE_GONE)
		return; /* that is for nobody to go on with */
	machine_mend(&mended, NOW_NS);
	assert_false(records_differ(&t->after, &mended));
	assert_int_equal(mended.limit_ns, t->after.limit_ns);
	assert_int_equal(mended.start_due_ns, t->after.start_due_ns);
}

/* ---- the ways out ---- */

/* What a machine did from some node on. */
struct outcome {
	unsigned runs_started, starts_started, exits;
};

/* Processes end as `event` says, timers come; until nothing is left to do. */
static struct outcome run_out(struct machine *machine, enum machine_event event)
{
	struct outcome outcome = {0, 0, 0};
	int64_t now_ns = NOW_NS;

	for (int i = 0; i < STEPS_MOST; i++) {
		struct machine_step step;

		now_ns += AN_HOUR_NS;
		if (machine_has_process(machine->phase)) {
			outcome.exits++;
			step = machine_step(machine, event, 0, now_ns);
		} else if (machine->phase == MACHINE_WAITING) {
			step = machine_step(machine, EVENT_TIMER, 0, now_ns);
		} else {
			return outcome;
		}
		if (!(step.actions & MACHINE_START))
			continue;
		outcome.runs_started += machine->phase == MACHINE_UP;
		outcome.starts_started += machine->phase == MACHINE_STARTING;
	}
	fail_msg("it doesn't end");
	return outcome;
}

/* However it stands, an orderly stop needs few exits, and starts nothing. */
static void check_stop(const struct node *node, enum machine_event event)
{
	struct machine machine = node->machine;
	struct outcome outcome;

	if (machine.phase == MACHINE_GONE)
		return;
	machine_step(&machine, EVENT_STOP, 0, NOW_NS);
	assert_int_equal(machine.want, MACHINE_WANT_DOWN);
	outcome = run_out(&machine, event);
	assert_int_equal(machine.phase, MACHINE_GONE);
	assert_int_equal(outcome.runs_started + outcome.starts_started, 0);
	assert_true(outcome.exits <=
		    1U + walk.rules.has_finish + walk.rules.has_stop);
}

/* Also of processes that go by KILL only, where all have limits. */
static void check_stop_of_the_stubborn(const struct node *node)
{
	struct machine machine = node->machine;

	if (walk.rules.kill_after_ns == 0)
		return;
	machine_step(&machine, EVENT_STOP, 0, NOW_NS);
	for (int i = 0; i < STEPS_MOST && machine.phase != MACHINE_GONE; i++) {
		int64_t now_ns = machine_due_ns(&machine);
		struct machine_step step;

		assert_true(now_ns > 0);
		step = machine_step(&machine, EVENT_TIMER, 0, now_ns);
		if (step.signals[0] == SIGKILL)
			machine_step(&machine, EVENT_EXITED, 0, now_ns);
	}
	assert_int_equal(machine.phase, MACHINE_GONE);
}

/* One that reads what is left, then goes: how often "run" comes for that. */
static unsigned runs_to_drain(const struct machine *machine)
{
	if (machine->rules.is_oneshot)
		return 0;
	switch (machine->phase) {
	case MACHINE_WAITING: return 1;
	case MACHINE_STARTING: return machine->want != MACHINE_WANT_DOWN;
	case MACHINE_FINISHING:
		return !machine->is_leaving &&
		       (machine->want == MACHINE_WANT_UP ||
			machine->is_start_due);
	case MACHINE_STOPPING:
		return !machine->is_leaving && machine->is_start_due;
	default: return 0;
	}
}

/* One that leaves and still waits to start gets there by itself. */
static void check_drain(const struct node *node)
{
	struct machine machine = node->machine;
	struct machine_step step;
	struct outcome outcome;

	if (machine.phase == MACHINE_GONE || machine.is_draining)
		return;
	step = machine_step(&machine, EVENT_DRAIN, 0, NOW_NS);
	assert_true(step.signals[0] == 0 || step.signals[0] == SIGCONT);
	/* What was wished for holds again, should nobody finish the stop. */
	assert_int_equal(machine.want, node->machine.want);
	outcome = run_out(&machine, EVENT_EXITED);
	assert_int_equal(machine.phase, MACHINE_GONE);
	assert_int_equal(outcome.runs_started, runs_to_drain(&node->machine));
}

/* Asked for on the way down, or at rest: then it comes once, and not again. */
static void check_once(const struct node *node)
{
	struct machine machine = node->machine;
	struct outcome outcome;
	unsigned started;

	if (machine.phase == MACHINE_GONE || machine.phase == MACHINE_ACTIVE ||
	    machine.is_leaving || is_service(machine.phase))
		return;
	machine_step(&machine, EVENT_COMMAND, 'o', NOW_NS);
	started = machine.phase ==
		  (walk.rules.is_oneshot ? MACHINE_STARTING : MACHINE_UP);
	outcome = run_out(&machine, EVENT_EXITED);
	started += walk.rules.is_oneshot ? outcome.starts_started
					 : outcome.runs_started;
	assert_int_equal(started, 1);
	assert_int_equal(machine.phase,
			 walk.rules.is_oneshot ? MACHINE_ACTIVE : MACHINE_DOWN);
}

/* ---- going everywhere ---- */

static void check_all(const struct transition *t)
{
	check_process(t);
	check_stop_is_done(t);
	check_signals(t);
	check_leaving(t);
	check_unknown_byte(t);
	if (t->before->phase == MACHINE_GONE) {
		assert_false(records_differ(t->before, &t->after));
		return;
	}
	check_wishes(t);
	check_running(t);
	check_pause(t);
	check_failure(t);
	check_records(t);
	check_limit(t);
	check_timer(t);
	check_wait(t);
	check_refusals(t);
	check_mend(t);
	check_start_cut_short(t);
	if (walk.is_classic)
		check_classic(t);
}

/* What the onlooker remembers afterwards. */
static struct node node_after(const struct transition *t)
{
	struct node next = *t->node;
	const struct machine *after = &t->after;

	next.machine = *after;
	next.due_in_ns = after->start_due_ns - NOW_NS;
	next.limit_in_ns =
		after->limit_ns ? after->limit_ns - NOW_NS : NO_LIMIT;
	next.owes_stop = t->owes_stop && after->phase != MACHINE_STOPPING &&
			 after->phase != MACHINE_DOWN &&
			 after->phase != MACHINE_GONE;
	if (has(t, MACHINE_START) && is_service(after->phase))
		next.since_start_ns = 0;
	if (has_failed(t) || is_late(t))
		next.is_given_up = true;
	else if (is_asked_for(t))
		next.is_given_up = false;
	return next;
}

static void take(const struct node *from, enum machine_event event, char letter)
{
	struct transition t = {.rules = &walk.rules,
			       .node = from,
			       .before = &from->machine,
			       .event = event,
			       .letter = letter,
			       .after = from->machine};
	enum machine_phase phase = from->machine.phase;
	struct node next;

	walk.event = event;
	walk.letter = letter;
	t.step = machine_step(&t.after, event, letter, NOW_NS);
	walk.transitions++;
	if (event == EVENT_COMMAND && phase != MACHINE_GONE)
		t.command = control_find(letter);
	t.runs = machine_has_process(phase);
	t.has_ended =
		t.runs && (event == EVENT_EXITED || event == EVENT_FAILED ||
			   event == EVENT_START_REFUSED);
	t.is_told = is_told(&t);
	t.owes_stop = from->owes_stop ||
		      (phase == MACHINE_STARTING && event == EVENT_EXITED) ||
		      (phase == MACHINE_UP && t.has_ended &&
		       event != EVENT_START_REFUSED);
	check_all(&t);
	next = node_after(&t);
	if (next.due_in_ns < 0)
		next.due_in_ns = 0;
	next.machine.start_due_ns = NOW_NS + next.due_in_ns;
	visit(&next);
}

static int64_t least_above_zero(int64_t a, int64_t b)
{
	if (a <= 0)
		return b;
	return b <= 0 || a < b ? a : b;
}

static void pass_time(const struct node *from, int64_t span_ns)
{
	struct node next = *from;

	next.due_in_ns -= next.due_in_ns < span_ns ? next.due_in_ns : span_ns;
	if (next.limit_in_ns != NO_LIMIT)
		next.limit_in_ns -=
			next.limit_in_ns < span_ns ? next.limit_in_ns : span_ns;
	next.since_start_ns += span_ns;
	if (next.since_start_ns > MACHINE_THROTTLE_NS)
		next.since_start_ns = MACHINE_THROTTLE_NS;
	next.machine.start_due_ns = NOW_NS + next.due_in_ns;
	if (next.limit_in_ns != NO_LIMIT)
		next.machine.limit_ns = NOW_NS + next.limit_in_ns;
	visit(&next);
}

static void take_all(const struct node *from)
{
	int64_t span_ns = least_above_zero(
		least_above_zero(from->due_in_ns, from->limit_in_ns),
		MACHINE_THROTTLE_NS - from->since_start_ns);

	for (int event = 0; event < EVENT_COUNT; event++) {
		/* They only count up, which the rules of 0.76 show. */
		if (event == EVENT_START_REFUSED && !walk.is_classic &&
		    from->machine.refused > 0)
			continue;
		if (event != EVENT_COMMAND)
			take(from, (enum machine_event)event, 0);
	}
	for (unsigned i = 0; i < walk.letter_count; i++)
		take(from, EVENT_COMMAND, walk.letters[i]);
	/* Just before something is due, and just then. */
	if (span_ns > 1)
		pass_time(from, span_ns - 1);
	if (span_ns > 0)
		pass_time(from, span_ns);
	check_stop(from, EVENT_EXITED);
	check_stop(from, EVENT_FAILED);
	check_stop_of_the_stubborn(from);
	check_drain(from);
	check_once(from);
}

/* Whether another letter does all that this one does to the machine. */
static bool is_covered(const struct control *row)
{
	for (unsigned i = 0; i < walk.letter_count; i++) {
		const struct control *other = control_find(walk.letters[i]);

		if (!other || other->effect != row->effect)
			continue;
		if (other->signal_number == row->signal_number ||
		    (row->signal_number != SIGKILL &&
		     row->signal_number != SIGTERM))
			return true;
	}
	return false;
}

/* With the rules of 0.76, all that there are. */
static void gather_letters(void)
{
	const struct control *row;

	walk.letter_count = 0;
	walk.letters[walk.letter_count++] = UNKNOWN_BYTE;
	for (unsigned i = 0; (row = control_row(i)); i++) {
		assert_true(walk.letter_count < LETTERS_MAX);
		if (walk.is_classic || !is_covered(row))
			walk.letters[walk.letter_count++] = row->letter;
	}
}

/* How supervision may begin: from nothing, or with a process taken over. */
static void visit_beginnings(void)
{
	static const enum machine_want wants[] = {
		MACHINE_WANT_UP, MACHINE_WANT_DOWN, MACHINE_WANT_ONCE};

	for (int i = 0; i < 3; i++) {
		struct node node = {.machine = {.rules = walk.rules,
						.want = wants[i],
						.start_due_ns = NOW_NS},
				    .limit_in_ns = NO_LIMIT,
				    .since_start_ns = MACHINE_THROTTLE_NS};

		visit(&node);
		for (int flags = 0; flags < 8; flags++) {
			node.machine.phase = MACHINE_UP;
			node.machine.is_paused = (flags & 1) != 0;
			node.machine.is_term_sent = (flags & 2) != 0;
			node.machine.is_leaving = (flags & 4) != 0;
			visit(&node);
		}
		/* A policy had it wait. */
		node.machine = (struct machine){.rules = walk.rules,
						.want = MACHINE_WANT_UP,
						.phase = MACHINE_UP};
		node.due_in_ns = walk.rules.longest_wait_ns;
		node.machine.start_due_ns = NOW_NS + node.due_in_ns;
		visit(&node);
	}
}

static void walk_with(struct machine_rules rules, bool is_classic)
{
	walk.rules = rules;
	walk.is_classic = is_classic;
	walk.count = walk.transitions = 0;
	memset(walk.slots, 0, SLOT_COUNT * sizeof(*walk.slots));
	gather_letters();
	visit_beginnings();
	for (unsigned i = 0; i < walk.count; i++) {
		walk.from = &walk.nodes[i];
		take_all(walk.from);
	}
	walk.from = NULL;
	print_message("start %d, finish %d, stop %d, one-shot %d, limits %d: "
		      "%u states, %u transitions\n",
		      rules.has_start, rules.has_finish, rules.has_stop,
		      rules.is_oneshot, rules.up_limit_ns > 0, walk.count,
		      walk.transitions);
	/* Far fewer would mean that the walk has stopped walking. */
	assert_true(walk.count > 1000);
}

static void set_scripts(struct machine_rules *rules, int bits)
{
	rules->has_start = (bits & 1) != 0;
	rules->has_finish = (bits & 2) != 0;
	rules->has_stop = (bits & 4) != 0;
	rules->is_oneshot = (bits & 8) != 0;
}

static void with_the_rules_of_0_76(void **unused)
{
	(void)unused;
	walk_with((struct machine_rules){.has_start = false}, true);
}

static void with_every_combination_of_scripts(void **unused)
{
	(void)unused;
	for (int i = 1; i < 16; i++) {
		struct machine_rules rules = {.has_start = false};

		set_scripts(&rules, i);
		if (rules.has_start || !rules.is_oneshot)
			walk_with(rules, false);
	}
}

/* Spans that differ, so that none is taken for another. */
static const struct machine_rules limited = {
	.down_signal = SIGINT,
	.reload_signal = SIGTERM,
	.finish_limit_ns = 11 * A_SECOND_NS,
	.up_limit_ns = 13 * A_SECOND_NS,
	.down_limit_ns = 17 * A_SECOND_NS,
	.longest_wait_ns = 60 * A_SECOND_NS,
};

static void with_limits(void **unused)
{
	(void)unused;
	for (int i = 0; i < 32; i++) {
		struct machine_rules rules = limited;

		set_scripts(&rules, i);
		rules.kill_after_ns = (i & 16) ? 19 * A_SECOND_NS : 0;
		if (rules.has_start || !rules.is_oneshot)
			walk_with(rules, false);
	}
}

static int make_room(void **unused)
{
	(void)unused;
	walk.nodes = calloc(NODES_MAX, sizeof(*walk.nodes));
	walk.keys = calloc(NODES_MAX, sizeof(*walk.keys));
	walk.slots = calloc(SLOT_COUNT, sizeof(*walk.slots));
	return walk.nodes && walk.keys && walk.slots ? 0 : -1;
}

/* cmocka leaves a test where it fails; so this comes here. */
static int tell_where(void **unused)
{
	const struct machine *m;

	(void)unused;
	if (!walk.from)
		return 0;
	m = &walk.from->machine;
	print_message("event %d, letter '%c', start %d, finish %d, stop %d, "
		      "one-shot %d, kill in %lld ns\n",
		      (int)walk.event, walk.letter ? walk.letter : '-',
		      m->rules.has_start, m->rules.has_finish,
		      m->rules.has_stop, m->rules.is_oneshot,
		      (long long)m->rules.kill_after_ns);
	print_message("phase %d, want %d, paused %d, term-sent %d, leaving %d, "
		      "draining %d, ending %d, started %d, start-due %d, "
		      "ready %d, failed %d, refused %d, due in %lld ns, limit "
		      "in %lld ns, owes stop %d, given up %d\n",
		      (int)m->phase, (int)m->want, m->is_paused,
		      m->is_term_sent, m->is_leaving, m->is_draining,
		      m->is_ending, m->is_started, m->is_start_due, m->is_ready,
		      m->is_failed, m->refused, (long long)walk.from->due_in_ns,
		      (long long)walk.from->limit_in_ns, walk.from->owes_stop,
		      walk.from->is_given_up);
	walk.from = NULL;
	return 0;
}

static int free_room(void **unused)
{
	(void)unused;
	free(walk.nodes);
	free(walk.keys);
	free(walk.slots);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(with_the_rules_of_0_76, tell_where),
		cmocka_unit_test_teardown(with_every_combination_of_scripts,
					  tell_where),
		cmocka_unit_test_teardown(with_limits, tell_where),
	};
	return cmocka_run_group_tests(tests, make_room, free_room);
}
