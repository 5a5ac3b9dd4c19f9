/* test_since.c -- moments of a clock that is set meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "service/since.h"

#define SECOND_NS INT64_C(1000000000)
#define YEAR_NS   (SECOND_NS * 86400 * 365)

/* 1000 s after boot it was 2001; now it is 3000 s after boot. */
static const struct since then = {{.tv_sec = 994720184, .tv_nsec = 700000000},
				  1000 * SECOND_NS};

static int64_t set_ns_if(int64_t now_s, long now_ns)
{
	struct since now = {{.tv_sec = now_s, .tv_nsec = now_ns},
			    3000 * SECOND_NS};

	return since_set_ns(&then, &now);
}

static void a_clock_that_nobody_set_says_so(void **state)
{
	(void)state;
	assert_int_equal(set_ns_if(994722184, 700000000), 0);
	/* Both clocks are never read at once. */
	assert_int_equal(set_ns_if(994722184, 900000000), 0);
	assert_int_equal(set_ns_if(994722184, 0), 0);
}

static void forth_and_back(void **state)
{
	(void)state;
	assert_int_equal(set_ns_if(994722184 + 365 * 86400, 700000000),
			 YEAR_NS);
	assert_int_equal(set_ns_if(994722184 - 365 * 86400, 700000000),
			 -YEAR_NS);
	assert_int_equal(set_ns_if(994722189, 600000000), 4900000000);
	assert_int_equal(set_ns_if(0, 0), -(994722184 * SECOND_NS + 700000000));
}

/* What can be in a damaged record, or where there is no such clock. */
static void what_makes_no_sense_says_nothing(void **state)
{
	static const struct since senseless[] = {
		{{.tv_sec = 1000}, 0},
		{{.tv_sec = 1000}, -1},
		{{.tv_sec = 1000}, INT64_MIN},
		{{.tv_sec = 1000}, 3000 * SECOND_NS + 1},
		{{.tv_sec = 1000}, INT64_MAX},
		{{.tv_sec = INT64_MAX}, 1},
		{{.tv_sec = INT64_MIN}, 1},
		{{.tv_sec = 1000, .tv_nsec = SECOND_NS}, 1},
		{{.tv_sec = 1000, .tv_nsec = -1}, 1},
	};
	const struct since now = {{.tv_sec = 994722184}, 3000 * SECOND_NS};

	(void)state;
	for (size_t i = 0; i < sizeof(senseless) / sizeof(*senseless); i++)
		assert_int_equal(since_set_ns(&senseless[i], &now), 0);
}

static void moments_are_added_to(void **state)
{
	static const struct {
		struct timespec at;
		int64_t ns;
		struct timespec sum;
	} rows[] = {
		{{10, 5}, 0, {10, 5}},
		{{10, 5}, SECOND_NS, {11, 5}},
		{{10, 5}, -6, {9, 999999999}},
		{{0, 0}, -1, {-1, 999999999}},
		{{-1, 999999999}, 1, {0, 0}},
		{{10, 999999999}, 1, {11, 0}},
		{{INT64_MAX, 5}, SECOND_NS, {INT64_MAX, 5}},
		{{INT64_MIN, 5}, -SECOND_NS, {INT64_MIN, 5}},
		{{INT64_MAX / SECOND_NS / 2, 5},
		 INT64_MAX,
		 {INT64_MAX / SECOND_NS / 2, 5}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct timespec sum = since_add(rows[i].at, rows[i].ns);

		assert_int_equal(sum.tv_sec, rows[i].sum.tv_sec);
		assert_int_equal(sum.tv_nsec, rows[i].sum.tv_nsec);
	}
}

static void now_is_by_both_clocks(void **state)
{
	struct since one = since_now(), other = since_now();

	(void)state;
	assert_true(one.at.tv_sec > 0);
	assert_true(one.up_ns <= other.up_ns);
#ifdef CLOCK_BOOTTIME
	assert_true(one.up_ns > 0);
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_clock_that_nobody_set_says_so),
		cmocka_unit_test(forth_and_back),
		cmocka_unit_test(what_makes_no_sense_says_nothing),
		cmocka_unit_test(moments_are_added_to),
		cmocka_unit_test(now_is_by_both_clocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
