/* test_condition.c -- every condition on every kind of service. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "base/span.h"
#include "client/condition.h"

#define NOW 1000

/* A service in the directory of any suite. */
static struct look look_of(enum look_phase phase, unsigned pid, char wanted,
			   unsigned char change)
{
	struct look look = {.is_hosted = true, .has_status = true};

	look.phase = phase;
	look.status.run_pid = pid;
	look.status.wanted = wanted;
	look.status.changed_at.tv_sec = NOW - 100;
	look.stamp[0] = change;
	return look;
}

static enum verdict judge(enum condition condition, const struct look *before,
			  const struct look *now)
{
	int64_t again_ns;
	enum verdict verdict =
		condition_judge(condition, before, now, false,
				(struct timespec){.tv_sec = NOW}, &again_ns);

	if (verdict != VERDICT_NOT_YET)
		assert_int_equal(again_ns, 0);
	return verdict;
}

static bool reached(enum condition condition, const struct look *before,
		    const struct look *now)
{
	return judge(condition, before, now) == VERDICT_REACHED;
}

/* What must hold, for each pair of looks. */
static void check_pair(const struct look *before, const struct look *now)
{
	bool up = now->phase == LOOK_RUN && now->status.run_pid != 0;
	bool changed = !look_is_same_change(before, now);

	assert_true(reached(CONDITION_NONE, before, now));
	assert_int_equal(reached(CONDITION_UP, before, now), up);
	assert_int_equal(reached(CONDITION_DOWN, before, now), !up);
	assert_int_equal(reached(CONDITION_READY, before, now), up);
	assert_int_equal(reached(CONDITION_FINISHED, before, now),
			 now->phase == LOOK_DOWN);
	assert_int_equal(reached(CONDITION_RESTARTED, before, now),
			 up && changed);
	assert_int_equal(reached(CONDITION_RESTARTED_READY, before, now),
			 up && changed);
	assert_int_equal(reached(CONDITION_STARTED, before, now),
			 up && now->status.wanted != 'd');
	assert_int_equal(reached(CONDITION_STOPPED, before, now),
			 now->phase == LOOK_DOWN && now->status.wanted != 'u');
	assert_false(reached(CONDITION_GONE, before, now));
	if (before->phase == LOOK_RUN && !changed)
		assert_false(reached(CONDITION_ENDED, before, now));
	if (before->phase != LOOK_RUN)
		assert_true(reached(CONDITION_ENDED, before, now));
	if (reached(CONDITION_AS_WANTED, before, now)) {
		assert_true(now->status.wanted != 'u' || up);
		assert_true(now->status.wanted != 'd' ||
			    now->phase == LOOK_DOWN);
	}
	/* Nothing is expected where nothing stops or starts it any more. */
	struct look alone = *now;

	alone.is_hosted = false;
	for (int c = CONDITION_NONE + 1; c < CONDITION_GONE; c++) {
		enum verdict verdict = judge((enum condition)c, before, &alone);
		bool wants_down = c == CONDITION_DOWN ||
				  c == CONDITION_FINISHED ||
				  c == CONDITION_STOPPED;

		if (!wants_down || up)
			assert_int_equal(verdict, VERDICT_UNSUPERVISED);
	}
	assert_true(reached(CONDITION_GONE, before, &alone));
	assert_int_equal(reached(CONDITION_STOPPED, before, &alone),
			 now->phase == LOOK_DOWN);
}

static void every_condition_keeps_what_it_promises(void **unused)
{
	const char wanted[] = {'u', 'd', 0};
	struct look all[64];
	size_t count = 0;

	(void)unused;
	for (int phase = LOOK_DOWN; phase <= LOOK_FINISH; phase++) {
		for (int w = 0; w < 3; w++) {
			for (unsigned char change = 1; change <= 2; change++)
				all[count++] = look_of(
					(enum look_phase)phase,
					phase == LOOK_DOWN ? 0 : 10U + change,
					wanted[w], change);
		}
	}
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < count; j++)
			check_pair(&all[i], &all[j]);
	}
}

static void one_that_does_not_tell_is_ready_after_a_second(void **unused)
{
	struct look look = look_of(LOOK_RUN, 7, 'u', 1);
	int64_t again_ns;
	struct timespec moment = {.tv_sec = NOW, .tv_nsec = 250000000};

	(void)unused;
	look.status.changed_at = (struct timespec){NOW - 1, 500000000};
	assert_int_equal(condition_judge(CONDITION_READY, &look, &look, false,
					 moment, &again_ns),
			 VERDICT_NOT_YET);
	assert_int_equal(again_ns, 250000000);
	moment.tv_nsec = 500000000;
	assert_int_equal(condition_judge(CONDITION_READY, &look, &look, false,
					 moment, &again_ns),
			 VERDICT_REACHED);
	/* The clock was set back: it isn't waited for. */
	look.status.changed_at.tv_sec = NOW + 5000;
	assert_true(reached(CONDITION_READY, &look, &look));
}

static void one_that_tells_is_ready_when_it_says_so(void **unused)
{
	struct look look = look_of(LOOK_RUN, 7, 'u', 1);

	(void)unused;
	look.will_tell = true;
	assert_int_equal(judge(CONDITION_READY, &look, &look), VERDICT_NOT_YET);
	look.will_tell = false;
	look.state.is_ready = true;
	assert_true(reached(CONDITION_READY, &look, &look));
}

static void what_has_failed_will_not_come_up(void **unused)
{
	struct look look = look_of(LOOK_DOWN, 0, 'u', 1);
	struct look again;
	int64_t again_ns;

	(void)unused;
	look.state.is_failed = true;
	assert_int_equal(judge(CONDITION_UP, &look, &look), VERDICT_FAILED);
	assert_int_equal(judge(CONDITION_RESTARTED, &look, &look),
			 VERDICT_FAILED);
	assert_true(reached(CONDITION_FINISHED, &look, &look));
	/* Asked to try again, it has not heard of that yet. */
	assert_int_equal(condition_judge(CONDITION_STARTED, &look, &look, true,
					 (struct timespec){.tv_sec = NOW},
					 &again_ns),
			 VERDICT_NOT_YET);
	again = look;
	again.stamp[0]++;
	assert_int_equal(condition_judge(CONDITION_STARTED, &look, &again, true,
					 (struct timespec){.tv_sec = NOW},
					 &again_ns),
			 VERDICT_FAILED);
}

/* Of start alone: it has no process while it is up. */
static void a_one_shot_is_up_when_it_has_been_started(void **unused)
{
	struct look look = look_of(LOOK_RUN, 7, 'u', 1);

	(void)unused;
	look.has_state = true;
	snprintf(look.state.phase, sizeof(look.state.phase), "starting");
	assert_false(reached(CONDITION_UP, &look, &look));
	look = look_of(LOOK_DOWN, 0, 'u', 2);
	look.has_state = true;
	snprintf(look.state.phase, sizeof(look.state.phase), "active");
	assert_true(reached(CONDITION_UP, &look, &look));
	assert_false(reached(CONDITION_FINISHED, &look, &look));
}

static void check_has_a_say_of_what_is_up(void **unused)
{
	struct look up = look_of(LOOK_RUN, 7, 'u', 1);
	struct look down = look_of(LOOK_DOWN, 0, 'd', 1);

	(void)unused;
	assert_true(condition_asks_for_up(CONDITION_UP, &up));
	assert_true(condition_asks_for_up(CONDITION_AS_WANTED, &up));
	assert_false(condition_asks_for_up(CONDITION_AS_WANTED, &down));
	assert_false(condition_asks_for_up(CONDITION_FINISHED, &up));
}

static void spans_are_numbers_and_nothing_else(void **unused)
{
	const char *const bad[] = {"", "x", "1x", " 1", "-1", ".5", "1.2.3"};
	int64_t span_ns = 5;

	(void)unused;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(span_parse(bad[i], SPAN_SECOND_NS, &span_ns));
	assert_int_equal(span_ns, 5);
	assert_true(span_parse("7", SPAN_SECOND_NS, &span_ns));
	assert_int_equal(span_ns, 7 * SPAN_SECOND_NS);
	assert_true(span_parse("0.25", SPAN_SECOND_NS, &span_ns));
	assert_int_equal(span_ns, SPAN_SECOND_NS / 4);
	assert_true(span_parse("1500", SPAN_MILLISECOND_NS, &span_ns));
	assert_int_equal(span_ns, SPAN_SECOND_NS + SPAN_SECOND_NS / 2);
	assert_true(span_parse("99999999999999999999999999999.9999999999999",
			       SPAN_SECOND_NS, &span_ns));
	assert_true(span_ns > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_condition_keeps_what_it_promises),
		cmocka_unit_test(
			one_that_does_not_tell_is_ready_after_a_second),
		cmocka_unit_test(one_that_tells_is_ready_when_it_says_so),
		cmocka_unit_test(what_has_failed_will_not_come_up),
		cmocka_unit_test(a_one_shot_is_up_when_it_has_been_started),
		cmocka_unit_test(check_has_a_say_of_what_is_up),
		cmocka_unit_test(spans_are_numbers_and_nothing_else),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
