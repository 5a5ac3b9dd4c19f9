/* test_number.c -- numbers are taken as they are written, or not at all. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/number.h"

static const char *const no_numbers[] = {
	"",    " ",   " 1", "1 ", "x",   "1x",   "0x1", "1e3",
	"1.0", "--1", "-",  "+",  "+-1", "\xff", "1\n",
};

static void what_is_no_number_is_refused(void **unused)
{
	uint64_t number = 7;
	int64_t signed_number = 7;

	(void)unused;
	for (size_t i = 0; i < sizeof(no_numbers) / sizeof(*no_numbers); i++) {
		errno = 0;
		assert_int_equal(number_parse(no_numbers[i], 99, &number), -1);
		assert_int_equal(errno, EINVAL);
		errno = 0;
		assert_int_equal(number_parse_octal(no_numbers[i], 99, &number),
				 -1);
		assert_int_equal(errno, EINVAL);
		errno = 0;
		assert_int_equal(number_parse_signed(no_numbers[i], -99, 99,
						     &signed_number),
				 -1);
		assert_int_equal(errno, EINVAL);
	}
	assert_int_equal(number, 7);
	assert_int_equal(signed_number, 7);
}

static void bounds_are_kept(void **unused)
{
	uint64_t number = 7;

	(void)unused;
	assert_int_equal(
		number_parse("18446744073709551615", UINT64_MAX, &number), 0);
	assert_true(number == UINT64_MAX);
	assert_int_equal(
		number_parse("18446744073709551616", UINT64_MAX, &number), -1);
	assert_int_equal(errno, ERANGE);
	for (uint64_t max = 0; max < 300; max++) {
		for (unsigned wanted = 0; wanted < 400; wanted++) {
			char text[16];

			snprintf(text, sizeof(text), "%04u", wanted);
			assert_int_equal(number_parse(text, max, &number),
					 wanted <= max ? 0 : -1);
			assert_true(wanted > max || number == wanted);
		}
	}
	/* Too large, and then no number: never a number in any case. */
	assert_int_equal(number_parse("300x", 9, &number), -1);
	assert_int_equal(errno, EINVAL);
}

static void octal_is_octal(void **unused)
{
	uint64_t number;

	(void)unused;
	assert_int_equal(number_parse_octal("0022", 0777, &number), 0);
	assert_int_equal(number, 022);
	assert_int_equal(number_parse_octal("777", 0777, &number), 0);
	assert_int_equal(number, 0777);
	assert_int_equal(number_parse_octal("1000", 0777, &number), -1);
	assert_int_equal(errno, ERANGE);
	assert_int_equal(number_parse_octal("8", 0777, &number), -1);
	assert_int_equal(errno, EINVAL);
}

static void signs_are_taken(void **unused)
{
	int64_t number = 1;

	(void)unused;
	assert_int_equal(number_parse_signed("-0", -1, 1, &number), 0);
	assert_int_equal(number, 0);
	assert_int_equal(number_parse_signed("+19", -20, 19, &number), 0);
	assert_int_equal(number, 19);
	assert_int_equal(number_parse_signed("-20", -20, 19, &number), 0);
	assert_int_equal(number, -20);
	assert_int_equal(number_parse_signed("-21", -20, 19, &number), -1);
	assert_int_equal(errno, ERANGE);
	assert_int_equal(number_parse_signed("-9223372036854775808", INT64_MIN,
					     INT64_MAX, &number),
			 0);
	assert_true(number == INT64_MIN);
	assert_int_equal(number_parse_signed("-9223372036854775809", INT64_MIN,
					     INT64_MAX, &number),
			 -1);
	assert_int_equal(errno, ERANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_number_is_refused),
		cmocka_unit_test(bounds_are_kept),
		cmocka_unit_test(octal_is_octal),
		cmocka_unit_test(signs_are_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
