/*
 * test_timers.c -- the heap of timers against a list that is simply searched.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "loop/timers.h"
#include "random.h"

static void add(struct timers *timers, struct loop_timer *timer, int64_t due_ns)
{
	timer->due_ns = due_ns;
	timer->is_set = true;
	timers_add(timers, timer);
}

static void take_out(struct timers *timers, struct loop_timer *timer)
{
	timers_remove(timers, timer);
	timer->is_set = false;
	assert_null(timer->child);
	assert_null(timer->next);
	assert_null(timer->before);
}

/* The timer after this one in a walk over the whole heap. */
static struct loop_timer *walk_on(struct loop_timer *timer)
{
	if (timer->child)
		return timer->child;
	while (timer && !timer->next) {
		/* Back to the first of the siblings, and up. */
		while (timer->before && timer->before->child != timer)
			timer = timer->before;
		timer = timer->before;
	}
	return timer ? timer->next : NULL;
}

/* Every link leads back, and no timer is due before what it hangs below. */
static unsigned count_checked(const struct timers *timers)
{
	unsigned count = 0;

	if (timers->first) {
		assert_null(timers->first->next);
		assert_null(timers->first->before);
	}
	for (struct loop_timer *timer = timers->first; timer;
	     timer = walk_on(timer)) {
		assert_true(timer->is_set);
		if (timer->next)
			assert_ptr_equal(timer->next->before, timer);
		if (timer->child)
			assert_ptr_equal(timer->child->before, timer);
		for (struct loop_timer *child = timer->child; child;
		     child = child->next)
			assert_true(child->due_ns >= timer->due_ns);
		count++;
	}
	return count;
}

static int64_t earliest_ns(const struct loop_timer *all, unsigned count)
{
	int64_t earliest = INT64_MAX;

	for (unsigned i = 0; i < count; i++) {
		if (all[i].is_set && all[i].due_ns < earliest)
			earliest = all[i].due_ns;
	}
	return earliest;
}

static void check(const struct timers *timers, const struct loop_timer *all,
		  unsigned count)
{
	unsigned set_count = 0;

	for (unsigned i = 0; i < count; i++)
		set_count += all[i].is_set;
	assert_int_equal(count_checked(timers), set_count);
	assert_int_equal(timers->first == NULL, set_count == 0);
	if (timers->first)
		assert_int_equal(timers->first->due_ns,
				 earliest_ns(all, count));
}

/* ---- at random ---- */

static void at_random(unsigned count, uint32_t due_range, unsigned rounds,
		      uint32_t seed)
{
	struct timers timers = {NULL};
	struct loop_timer *all = calloc(count, sizeof(*all));

	assert_non_null(all);
	for (unsigned i = 0; i < rounds; i++) {
		struct loop_timer *timer = &all[next_random(&seed) % count];

		if (!timer->is_set)
			add(&timers, timer, next_random(&seed) % due_range);
		else if (next_random(&seed) % 2 == 0)
			take_out(&timers, timer);
		else
			take_out(&timers, timers.first);
		check(&timers, all, count);
	}
	while (timers.first) {
		take_out(&timers, timers.first);
		check(&timers, all, count);
	}
	free(all);
}

static void any_sequence_keeps_the_earliest_first(void **unused)
{
	(void)unused;
	at_random(1, 10, 50, 1);
	at_random(3, 10, 2000, 2);
	at_random(16, 1000000, 10000, 3);
	at_random(120, UINT32_MAX, 10000, 4);
}

static void equal_moments_are_no_special_case(void **unused)
{
	(void)unused;
	at_random(16, 1, 5000, 5);
	at_random(60, 3, 10000, 6);
}

/* ---- every order, every position ---- */

#define FEW 6

/* Turns `order` into its successor; false after the last. */
static bool next_permutation(int order[FEW])
{
	int i = FEW - 2, j = FEW - 1, low, high;

	while (i >= 0 && order[i] >= order[i + 1])
		i--;
	if (i < 0)
		return false;
	while (order[j] <= order[i])
		j--;
	low = order[i];
	order[i] = order[j];
	order[j] = low;
	for (low = i + 1, high = FEW - 1; low < high; low++, high--) {
		int other = order[low];

		order[low] = order[high];
		order[high] = other;
	}
	return true;
}

static void build_and_remove(const int order[FEW], int divisor, int removed,
			     bool has_lost_first)
{
	struct timers timers = {NULL};
	struct loop_timer all[FEW + 1] = {{0}};

	/* Losing one gives the heap more than one level. */
	if (has_lost_first)
		add(&timers, &all[FEW], -1);
	for (int i = 0; i < FEW; i++)
		add(&timers, &all[i], order[i] / divisor);
	if (has_lost_first)
		take_out(&timers, &all[FEW]);
	check(&timers, all, FEW + 1);
	take_out(&timers, &all[removed]);
	check(&timers, all, FEW + 1);
	while (timers.first) {
		take_out(&timers, timers.first);
		check(&timers, all, FEW + 1);
	}
}

static void removal_works_in_every_position_of_every_order(void **unused)
{
	int order[FEW] = {0, 1, 2, 3, 4, 5};

	(void)unused;
	do {
		for (int removed = 0; removed < FEW; removed++) {
			/* All different, in pairs, in threes. */
			for (int divisor = 1; divisor <= 3; divisor++) {
				build_and_remove(order, divisor, removed,
						 false);
				build_and_remove(order, divisor, removed, true);
			}
		}
	} while (next_permutation(order));
}

/* ---- long and lopsided ---- */

#define MANY 200000

static struct loop_timer *build_many(struct timers *timers, int64_t step)
{
	struct loop_timer *all = calloc(MANY, sizeof(*all));

	assert_non_null(all);
	for (int64_t i = 0; i < MANY; i++)
		add(timers, &all[i], i * step);
	return all;
}

static void drain_in_order(struct timers *timers, unsigned expected)
{
	int64_t last_ns = INT64_MIN;
	unsigned count = 0;

	for (; timers->first; count++) {
		assert_true(timers->first->due_ns >= last_ns);
		last_ns = timers->first->due_ns;
		take_out(timers, timers->first);
	}
	assert_int_equal(count, expected);
}

/* Ascending gives one list of siblings, descending one chain of children: a
 * recursive heap would run out of stack, a quadratic one out of patience. */
static void long_lists_are_drained_in_order(void **unused)
{
	static const int64_t steps[] = {1, -1, 0};

	(void)unused;
	for (int i = 0; i < 3; i++) {
		struct timers timers = {NULL};
		struct loop_timer *all = build_many(&timers, steps[i]);

		assert_int_equal(count_checked(&timers), MANY);
		drain_in_order(&timers, MANY);
		free(all);
	}
}

static void long_lists_can_be_taken_apart_from_either_end(void **unused)
{
	static const int64_t steps[] = {1, -1, 0};

	(void)unused;
	for (int i = 0; i < 3; i++) {
		struct timers timers = {NULL};
		struct loop_timer *all = build_many(&timers, steps[i]);

		for (int j = 0; j < MANY / 4; j++) {
			take_out(&timers, &all[j]);
			take_out(&timers, &all[MANY - 1 - j]);
		}
		drain_in_order(&timers, MANY / 2);
		free(all);
	}
}

static void a_timer_can_be_moved_again_and_again(void **unused)
{
	struct timers timers = {NULL};
	struct loop_timer *all = build_many(&timers, 1);
	uint32_t seed = 7;

	(void)unused;
	for (int i = 0; i < MANY; i++) {
		struct loop_timer *timer = &all[next_random(&seed) % MANY];

		take_out(&timers, timer);
		add(&timers, timer, next_random(&seed));
	}
	assert_int_equal(count_checked(&timers), MANY);
	drain_in_order(&timers, MANY);
	free(all);
}

static void the_ends_of_time_are_moments_too(void **unused)
{
	struct timers timers = {NULL};
	struct loop_timer all[3] = {{0}};

	(void)unused;
	add(&timers, &all[0], INT64_MAX);
	add(&timers, &all[1], 0);
	add(&timers, &all[2], INT64_MIN);
	assert_ptr_equal(timers.first, &all[2]);
	drain_in_order(&timers, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_sequence_keeps_the_earliest_first),
		cmocka_unit_test(equal_moments_are_no_special_case),
		cmocka_unit_test(
			removal_works_in_every_position_of_every_order),
		cmocka_unit_test(long_lists_are_drained_in_order),
		cmocka_unit_test(long_lists_can_be_taken_apart_from_either_end),
		cmocka_unit_test(a_timer_can_be_moved_again_and_again),
		cmocka_unit_test(the_ends_of_time_are_moments_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
