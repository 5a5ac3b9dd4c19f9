/* test_sv.c -- how sv understands commands and names of services. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/sv/arguments.h"
#include "cmd/sv/order.h"
#include "service/scan_dir.h"

static void expect(const char *word, const char *name)
{
	const struct order *order = order_find(word);

	if (!name) {
		assert_null(order);
		return;
	}
	assert_non_null(order);
	assert_string_equal(order->name, name);
}

static void whole_names_win(void **unused)
{
	const char *const names[] = {"status",
				     "up",
				     "down",
				     "once",
				     "pause",
				     "cont",
				     "hup",
				     "alarm",
				     "interrupt",
				     "quit",
				     "1",
				     "2",
				     "term",
				     "kill",
				     "exit",
				     "start",
				     "stop",
				     "restart",
				     "try-restart",
				     "reload",
				     "shutdown",
				     "check",
				     "force-stop",
				     "force-reload",
				     "force-restart",
				     "force-shutdown"};

	(void)unused;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		expect(names[i], names[i]);
}

static void otherwise_the_first_letter_counts(void **unused)
{
	(void)unused;
	expect("s", "status");
	expect("sto", "status");
	expect("downwards", "down");
	expect("c", "cont");
	expect("chec", "cont");
	expect("a", "alarm");
	expect("e", "exit");
	expect("x", "x");
	expect("Down", "D");
	/* Those that wait have to be written out. */
	expect("r", NULL);
	expect("f", NULL);
	expect("restar", NULL);
	expect("force-", NULL);
	expect("U", NULL);
	expect("", NULL);
}

/* Nothing is forced that isn't waited for, and all that is sent can be sent. */
static void every_order_makes_sense(void **unused)
{
	(void)unused;
	for (int c = 1; c < 128; c++) {
		const char word[] = {(char)c, '\0'};
		const struct order *order = order_find(word);

		if (!order)
			continue;
		assert_true(order->kind != ORDER_ACTION);
		assert_true(strlen(order->letters) < 4);
		if (order->kind == ORDER_FORCE)
			assert_int_not_equal(order->condition, CONDITION_NONE);
	}
}

static void names_are_in_the_scan_directory_and_paths_are_not(void **unused)
{
	char path[16];

	(void)unused;
	assert_int_equal(scan_dir_path_of("a", "/s", path, sizeof(path)), 0);
	assert_string_equal(path, "/s/a");
	assert_int_equal(scan_dir_path_of("a/log", "s", path, sizeof(path)), 0);
	assert_string_equal(path, "s/a/log");
	for (const char *const *name =
		     (const char *const[]){"/a", "./a", "..", "a/", NULL};
	     *name; name++) {
		assert_int_equal(
			scan_dir_path_of(*name, "/s", path, sizeof(path)), 0);
		assert_string_equal(path, *name);
	}
	assert_int_equal(
		scan_dir_path_of("0123456789", "01234", path, sizeof(path)),
		-1);
	assert_int_equal(errno, ENAMETOOLONG);
}

static void the_scan_directory_can_be_chosen(void **unused)
{
	(void)unused;
	setenv("SVDIR", "/of/the/environment", 1);
	assert_string_equal(scan_dir_find(NULL), "/of/the/environment");
	assert_string_equal(scan_dir_find("given"), "given");
	setenv("SVDIR", "", 1);
	assert_non_null(scan_dir_find(NULL));
	assert_int_not_equal(scan_dir_find(NULL)[0], '\0');
}

/* ---- options behind operands ---- */

#define WORDS_MOST 16

/* `line` in its new order, split at blanks and joined again. */
static const char *reorder(const char *line, char how)
{
	static char text[128], result[128];
	char *words[WORDS_MOST] = {NULL};
	size_t count = 0;

	strcpy(text, line);
	for (char *word = strtok(text, " "); word; word = strtok(NULL, " "))
		words[count++] = word;
	if (how == 's')
		arguments_sort(words);
	else
		arguments_gather(words, how == 'w');
	result[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		strcat(result, i > 0 ? " " : "");
		strcat(result, words[i]);
	}
	return result;
}

static void options_may_come_last(void **unused)
{
	static const struct {
		char how; /* 's': sort; 'w', 'g': gather, with -w or without */
		const char *line, *expected;
	} cases[] = {
		{'w', "up web", "up web"},
		{'w', "up web -w 3", "-w 3 up web"},
		{'w', "up -v web -w3 db -d dir", "-v -w3 -d dir up web db"},
		{'w', "up -- -v -w", "up -- -v -w"},
		{'w', "up web -x", "up web -x"}, /* a name, for runit */
		{'w', "up web -w", "-w up web"},
		{'g', "status -v web -d dir --json",
		 "-d dir status -v web --json"},
		{'g', "deaths -n -d web", "deaths -n -d web"},
		{'s', "status web", "status web"},
		{'s', "status web --json db", "status --json web db"},
		{'s', "remove web --timeout 5 --purge",
		 "remove --timeout 5 --purge web"},
		{'s', "remove web --timeout=5", "remove --timeout=5 web"},
		{'s', "deaths web -n 5 db", "deaths -n 5 web db"},
		{'s', "status - -- --json", "status - -- --json"},
		{'s', "import a --log-user b", "import --log-user b a"},
		{'s', "status", "status"},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(reorder(cases[i].line, cases[i].how),
				    cases[i].expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_names_win),
		cmocka_unit_test(otherwise_the_first_letter_counts),
		cmocka_unit_test(every_order_makes_sense),
		cmocka_unit_test(
			names_are_in_the_scan_directory_and_paths_are_not),
		cmocka_unit_test(the_scan_directory_can_be_chosen),
		cmocka_unit_test(options_may_come_last),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
