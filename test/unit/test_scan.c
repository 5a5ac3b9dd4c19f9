/* test_scan.c -- a newline is found at each place, and only inside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/scan.h"

#define LEN_MAX 40

static size_t length_of_first_line(const char *text, size_t len)
{
	const char *newline = len > 0 ? memchr(text, '\n', len) : NULL;

	return newline ? (size_t)(newline - text) + 1 : 0;
}

static void check(const char *text, size_t len)
{
	char out[LEN_MAX + SCAN_SLACK + 1];
	size_t wanted = length_of_first_line(text, len);
	size_t found = scan_line(text, len), copied;

	memset(out, '#', sizeof(out));
	copied = scan_copy(out, text, len);
	if (wanted == 0) {
		assert_true(found > len);
		assert_true(copied > len);
		assert_memory_equal(out, text, len);
	} else {
		assert_int_equal(found, wanted);
		assert_int_equal(copied, wanted);
		assert_memory_equal(out, text, wanted);
	}
	/* What is past the slack is somebody else's. */
	for (size_t i = len + SCAN_SLACK; i < sizeof(out); i++)
		assert_int_equal(out[i], '#');
}

/* Bytes that differ from a newline in one bit, or come before or after it. */
static const char fillers[] = {'x', '\0', '\377', '\x8a', '\x0b', '\x09'};

static void one_newline_at_each_place(void **unused)
{
	char text[LEN_MAX + SCAN_SLACK];

	(void)unused;
	for (size_t f = 0; f < sizeof(fillers); f++) {
		for (size_t len = 0; len <= LEN_MAX; len++) {
			memset(text, fillers[f], sizeof(text));
			check(text, len);
			for (size_t at = 0; at < len + SCAN_SLACK; at++) {
				text[at] = '\n';
				check(text, len);
				text[at] = fillers[f];
			}
		}
	}
}

static void the_first_of_two_newlines_counts(void **unused)
{
	char text[LEN_MAX + SCAN_SLACK];

	(void)unused;
	for (size_t first = 0; first < LEN_MAX; first++) {
		for (size_t second = first; second < LEN_MAX; second++) {
			memset(text, '\x0b', sizeof(text));
			text[first] = text[second] = '\n';
			check(text, LEN_MAX);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_newline_at_each_place),
		cmocka_unit_test(the_first_of_two_newlines_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
