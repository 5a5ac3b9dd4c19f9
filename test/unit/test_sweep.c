/* test_sweep.c -- what svscanboot makes of what svscan tells of the end. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "boot/sweep.h"

static struct sweep sweep;

static int begin(void **unused)
{
	(void)unused;
	sweep = (struct sweep){.limit_ns = 1000, .grace_ns = 100};
	return 0;
}

static void tell(enum ending_kind kind, int64_t number)
{
	const struct ending news = {.kind = kind, .number = number};

	sweep_note(&sweep, &news);
}

static void assert_loggers(size_t count, pid_t first)
{
	assert_int_equal(sweep.logger_count, count);
	if (count > 0)
		assert_int_equal(sweep.whole[0], first);
}

/* One that was read in part had the loggers killed with all else. */
static void a_list_counts_when_it_is_whole(void **unused)
{
	(void)unused;
	tell(ENDING_BEGINS, 0);
	tell(ENDING_LOGGER, 7);
	assert_loggers(0, 0);
	tell(ENDING_LISTED, 0);
	assert_loggers(1, 7);
	tell(ENDING_DOWN, 0);
	assert_loggers(1, 7);
	assert_false(sweep.is_down);
	tell(ENDING_LOGGER, 8);
	tell(ENDING_LOGGER, 9);
	assert_loggers(1, 7);
	tell(ENDING_LISTED, 0);
	assert_loggers(2, 8);
	assert_true(sweep.is_down);
}

/* The next svscan may have services yet; its loggers are those there were. */
static void a_killed_svscan_takes_back_that_none_is_left(void **unused)
{
	(void)unused;
	tell(ENDING_DOWN, 0);
	tell(ENDING_LOGGER, 8);
	tell(ENDING_LISTED, 0);
	sweep_begin(&sweep, 5000);
	sweep_forget(&sweep);
	assert_false(sweep.is_down);
	assert_loggers(1, 8);
	assert_int_equal(sweep.limit_due_ns, 6000);
	tell(ENDING_BEGINS, 0);
	tell(ENDING_LISTED, 0);
	assert_loggers(0, 0);
	assert_false(sweep.is_down);
}

static void more_than_there_is_room_for_are_left_out(void **unused)
{
	(void)unused;
	tell(ENDING_BEGINS, 0);
	for (int i = 0; i < SWEEP_LOGGERS_MOST + 10; i++)
		tell(ENDING_LOGGER, i + 1);
	tell(ENDING_LISTED, 0);
	assert_loggers(SWEEP_LOGGERS_MOST, 1);
}

static void time_begins_once_and_need_not_be_limited(void **unused)
{
	(void)unused;
	assert_int_equal(sweep_due_ns(&sweep), INT64_MAX);
	sweep_begin(&sweep, 5000);
	sweep_begin(&sweep, 5500);
	assert_int_equal(sweep_due_ns(&sweep), 6000);
	sweep = (struct sweep){.limit_ns = 0};
	sweep_begin(&sweep, 5000);
	assert_int_equal(sweep_due_ns(&sweep), INT64_MAX);
}

/* This process has no children, so nothing is left, whatever is due. */
static void where_nothing_is_left_that_is_said(void **unused)
{
	const struct sweep_others others = {.svscan = 0};

	(void)unused;
	sweep_begin(&sweep, 5000);
	assert_true(sweep_step(&sweep, &others, 5001));
	sweep_is_down(&sweep);
	assert_false(sweep_step(&sweep, &others, 5002));
	assert_false(sweep_has_cut_off(&sweep));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_list_counts_when_it_is_whole, begin),
		cmocka_unit_test_setup(
			a_killed_svscan_takes_back_that_none_is_left, begin),
		cmocka_unit_test_setup(more_than_there_is_room_for_are_left_out,
				       begin),
		cmocka_unit_test_setup(time_begins_once_and_need_not_be_limited,
				       begin),
		cmocka_unit_test_setup(where_nothing_is_left_that_is_said,
				       begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
