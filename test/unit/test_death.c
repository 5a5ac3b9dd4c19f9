/* test_death.c -- ends told through a pipe, also through a full one. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "service/death.h"

#define MANY 20000 /* more than any pipe holds */

static void make_pipe(int ends[2])
{
	assert_int_equal(pipe(ends), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(fcntl(ends[i], F_SETFL, O_NONBLOCK), 0);
}

static void close_pipe(const int ends[2])
{
	close(ends[0]);
	close(ends[1]);
}

static void what_is_told_is_taken_in_order(void **unused)
{
	const struct death told[] = {{4711, 123456, 9}, {1, -1, 111 << 8}};
	struct death taken;
	int ends[2];

	(void)unused;
	make_pipe(ends);
	assert_false(death_take(ends[0], &taken));
	for (int i = 0; i < 2; i++)
		death_tell(ends[1], ends[0], &told[i]);
	for (int i = 0; i < 2; i++) {
		assert_true(death_take(ends[0], &taken));
		assert_int_equal(taken.pid, told[i].pid);
		assert_int_equal(taken.start_ticks, told[i].start_ticks);
		assert_int_equal(taken.status, told[i].status);
	}
	assert_false(death_take(ends[0], &taken));
	close_pipe(ends);
}

/* Nobody listened for long: the latest ends are what is wanted then. */
static void a_full_pipe_loses_the_oldest(void **unused)
{
	struct death death = {.pid = 0};
	int64_t last_pid, count = 1;
	int ends[2];

	(void)unused;
	make_pipe(ends);
	for (int64_t pid = 1; pid <= MANY; pid++) {
		death.pid = pid;
		death_tell(ends[1], ends[0], &death);
	}
	assert_true(death_take(ends[0], &death));
	last_pid = death.pid;
	assert_true(last_pid > 1);
	for (; death_take(ends[0], &death); count++)
		assert_int_equal(death.pid, ++last_pid);
	assert_int_equal(last_pid, MANY);
	/* And not more of them than had to go. */
	assert_true(count > 100);
	close_pipe(ends);
}

static void without_a_pipe_nothing_is_told_and_nothing_hangs(void **unused)
{
	struct death death = {.pid = 1};

	(void)unused;
	death_tell(-1, -1, &death);
	assert_false(death_take(-1, &death));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_told_is_taken_in_order),
		cmocka_unit_test(a_full_pipe_loses_the_oldest),
		cmocka_unit_test(
			without_a_pipe_nothing_is_told_and_nothing_hangs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
