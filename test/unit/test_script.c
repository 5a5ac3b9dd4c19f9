/* test_script.c -- what arguments mean, and that the others mean nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "log/script.h"

#define ARGS(...) ((char *[]){__VA_ARGS__, NULL})

static struct script parse(char *const args[])
{
	struct script script;

	assert_int_equal(script_parse(&script, args), 0);
	return script;
}

static void actions_keep_their_order(void **unused)
{
	struct script script =
		parse(ARGS("-*", "+a*b", "e", "=st", "./d", "=su", "/e"));
	static const enum action_kind kinds[] = {
		ACTION_DESELECT, ACTION_SELECT, ACTION_ALERT, ACTION_STATUS,
		ACTION_DIR,      ACTION_STATUS, ACTION_DIR};
	static const size_t indexes[] = {0, 0, 0, 0, 0, 1, 1};

	(void)unused;
	assert_int_equal(script.action_count, 7);
	for (size_t i = 0; i < 7; i++) {
		assert_int_equal(script.actions[i].kind, kinds[i]);
		assert_int_equal(script.actions[i].index, indexes[i]);
	}
	assert_true(pattern_matches(&script.actions[1].pattern, "axb", 3));
	assert_string_equal(script.status_paths[0], "st");
	assert_string_equal(script.status_paths[1], "su");
	assert_string_equal(script.dirs[0].path, "./d");
	assert_string_equal(script.dirs[1].path, "/e");
	script_free(&script);
}

static void limits_beyond_076_are_numbers_or_ignored(void **unused)
{
	struct script script = parse(ARGS("S", "a", "d", "S1x", "a-1", "data",
					  "./none", "S9", "a7", "d0", "./all"));

	(void)unused;
	assert_int_equal(script.dirs[0].total_limit, 0);
	assert_int_equal(script.dirs[0].age_limit_s, 0);
	assert_false(script.dirs[0].is_yielding);
	assert_int_equal(script.dirs[1].total_limit, 9);
	assert_int_equal(script.dirs[1].age_limit_s, 7);
	assert_true(script.dirs[1].is_yielding);
	assert_int_equal(script.dirs[1].kept_count, 0);
	script_free(&script);
}

static void stamps_are_asked_for_first_or_not_at_all(void **unused)
{
	struct script first = parse(ARGS("txyz", "e"));
	struct script later = parse(ARGS("e", "t"));
	struct script none = parse((char *[]){NULL});

	(void)unused;
	assert_int_equal(first.mark, MARK_TAI64N);
	assert_int_equal(first.action_count, 1);
	assert_int_equal(later.mark, MARK_NONE);
	assert_int_equal(later.action_count, 1);
	assert_int_equal(none.mark, MARK_NONE);
	assert_int_equal(none.action_count, 0);
	script_free(&first);
	script_free(&later);
	script_free(&none);
}

static void every_other_first_byte_is_ignored(void **unused)
{
	char arg[3] = "?x";

	(void)unused;
	for (int byte = 0; byte < 256; byte++) {
		struct script script;

		if (byte != 0 && strchr("-+e=./", byte))
			continue;
		arg[0] = (char)byte;
		script = parse(ARGS("e", arg));
		assert_int_equal(script.action_count, 1);
		assert_int_equal(script.dir_count + script.status_count, 0);
		script_free(&script);
	}
}

static void settings_apply_to_later_directories(void **unused)
{
	struct script script = parse(ARGS("./a", "s5000", "n3", "!gzip", "./b",
					  "s6000", "!", "./c"));

	(void)unused;
	assert_int_equal(script.dirs[0].size_limit, 99999);
	assert_int_equal(script.dirs[0].count_limit, 10);
	assert_null(script.dirs[0].processor);
	assert_int_equal(script.dirs[1].size_limit, 5000);
	assert_int_equal(script.dirs[1].count_limit, 3);
	assert_string_equal(script.dirs[1].processor, "gzip");
	assert_int_equal(script.dirs[2].size_limit, 6000);
	assert_int_equal(script.dirs[2].count_limit, 3);
	assert_null(script.dirs[2].processor);
	script_free(&script);
}

static void numbers_are_kept_in_bounds(void **unused)
{
	static const struct {
		char *size, *count;
		unsigned long size_limit, count_limit;
	} rows[] = {
		{"s", "n", 4096, 2},
		{"sabc", "nxyz", 4096, 2},
		{"s4095", "n1", 4096, 2},
		{"s4096", "n2", 4096, 2},
		{"s4097", "n3", 4097, 3},
		{"s8192k", "n20files", 8192, 20},
		{"s16777215", "n4294967295", 16777215, 4294967295},
		{"s16777216", "n007", 16777215, 7},
		{"s18446744073709551616", "n-5", 4096, 2},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct script script =
			parse(ARGS(rows[i].size, rows[i].count, "."));

		assert_int_equal(script.dirs[0].size_limit, rows[i].size_limit);
		assert_int_equal(script.dirs[0].count_limit,
				 rows[i].count_limit);
		script_free(&script);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(actions_keep_their_order),
		cmocka_unit_test(limits_beyond_076_are_numbers_or_ignored),
		cmocka_unit_test(stamps_are_asked_for_first_or_not_at_all),
		cmocka_unit_test(every_other_first_byte_is_ignored),
		cmocka_unit_test(settings_apply_to_later_directories),
		cmocka_unit_test(numbers_are_kept_in_bounds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
