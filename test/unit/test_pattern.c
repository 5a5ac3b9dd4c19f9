/* test_pattern.c -- every short pattern meets every short text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "log/pattern.h"

#define PARTS_MAX 16

static bool matches(const char *source, const char *text, size_t len)
{
	struct pattern_part parts[PARTS_MAX];
	struct pattern pattern;

	assert_in_range(pattern_count_parts(source), 1, PARTS_MAX);
	pattern = pattern_compile(source, parts);
	assert_int_equal(pattern.part_count, pattern_count_parts(source));
	return pattern_matches(&pattern, text, len);
}

/* The rules as the manual words them, a byte at a time. */
static bool should_match(const char *pattern, const char *text, size_t len)
{
	size_t at = 0;

	for (; *pattern; pattern++) {
		if (*pattern != '*') {
			if (at == len || text[at] != *pattern)
				return false;
			at++;
			continue;
		}
		if (pattern[1] == '\0')
			return true;
		while (at < len && text[at] != pattern[1])
			at++;
		if (at == len)
			return false;
	}
	return at == len;
}

/* The `number`th string over "ab*" in order of length; its length. */
static size_t make_string(unsigned number, char out[16])
{
	static const char letters[] = "ab*";
	size_t len = 0;

	for (unsigned count = 1; number >= count; count *= 3, len++)
		number -= count;
	for (size_t i = 0; i < len; i++, number /= 3)
		out[i] = letters[number % 3];
	out[len] = '\0';
	return len;
}

static void every_pair_agrees_with_the_rules(void **unused)
{
	enum { UP_TO_5 = 364, UP_TO_7 = 3280 };
	char pattern[16], text[16];
	unsigned matched = 0;

	(void)unused;
	for (unsigned p = 0; p < UP_TO_5; p++) {
		make_string(p, pattern);
		for (unsigned t = 0; t < UP_TO_7; t++) {
			size_t len = make_string(t, text);
			bool should = should_match(pattern, text, len);

			if (matches(pattern, text, len) != should)
				fail_msg("'%s' and '%s'", pattern, text);
			matched += should;
		}
	}
	assert_in_range(matched, 10000, UP_TO_5 * UP_TO_7 / 2);
}

static void a_star_stops_at_the_first_place_only(void **unused)
{
	(void)unused;
	assert_true(matches("*a", "ba", 2));
	assert_false(matches("*a", "baa", 3));
	assert_false(matches("*ab", "aab", 3));
}

static void a_star_after_a_star_is_looked_for(void **unused)
{
	(void)unused;
	assert_true(matches("**", "a*b", 3));
	assert_false(matches("**", "ab", 2));
}

static void any_byte_can_be_in_a_text(void **unused)
{
	(void)unused;
	assert_true(matches("a*b", "a\0\n\377b", 5));
	assert_true(matches("\377*", "\377", 1));
	assert_false(matches("a", "a\0", 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_pair_agrees_with_the_rules),
		cmocka_unit_test(a_star_stops_at_the_first_place_only),
		cmocka_unit_test(a_star_after_a_star_is_looked_for),
		cmocka_unit_test(any_byte_can_be_in_a_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
