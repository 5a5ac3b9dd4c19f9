/* test_make.c -- what can be told of scripts and names, and quoting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "make/explain.h"
#include "make/list.h"
#include "make/plan.h"
#include "make/quote.h"
#include "make/shell.h"
#include "make/typo.h"
#include "service/config.h"

/* ---- scripts ---- */

static struct script_look look_at(const char *text)
{
	struct script_look look;

	script_look(text, strlen(text), &look);
	return look;
}

static void kinds_are_told_apart(void **unused)
{
	static const struct {
		const char *text;
		enum script_kind kind;
		const char *interpreter;
	} cases[] = {
		{"", SCRIPT_EMPTY, ""},
		{"\n", SCRIPT_BARE, ""},
		{"exec prog\n", SCRIPT_BARE, ""},
		{"#!/bin/sh", SCRIPT_SHELL, "/bin/sh"},
		{"#! /bin/sh -e\n", SCRIPT_SHELL, "/bin/sh"},
		{"#!/usr/bin/env bash\n", SCRIPT_SHELL, "/usr/bin/env"},
		{"#!/usr/bin/env python3\n", SCRIPT_OTHER, "/usr/bin/env"},
		{"#!/usr/bin/execlineb -P\n", SCRIPT_OTHER,
		 "/usr/bin/execlineb"},
		{"#!/bin/sh\r\nexec prog\r\n", SCRIPT_SHELL, "/bin/sh"},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct script_look look = look_at(cases[i].text);

		assert_int_equal(look.kind, cases[i].kind);
		assert_string_equal(look.interpreter, cases[i].interpreter);
		assert_int_equal(look.has_cr, !!strchr(cases[i].text, '\r'));
	}
}

static void programs_are_no_text(void **unused)
{
	struct script_look look;

	(void)unused;
	script_look("\177ELF\0\0", 6, &look);
	assert_int_equal(look.kind, SCRIPT_PROGRAM);
}

/* The rest of a script of sh, and the command that it forgets to exec. */
static void forgotten_exec_is_found_and_nothing_else(void **unused)
{
	static const struct {
		const char *text, *last;
	} cases[] = {
		{"prog", "prog"},
		{"prog\n", "prog"},
		{"prog -a 'x\nexec y'\n# exec\n", "prog"},
		{"exec 2>&1\nprog --flag\n\n", "prog"},
		{"exec 2> err\nprog\n", "prog"},
		{"A=1 B=2 prog\n", "prog"},
		{"cd /x; prog # exec", "prog"},
		{"if a; then b; fi\nprog\n", "prog"},
		{"case $x in\na) b;;\nesac\nprog\n", "prog"},
		{"prog \\\n  -x\n", "prog"},
		{"\"$PROG\" x\n", "\"$PROG\""},
		{"exec prog\n", NULL},
		{"exec 2>&1\nexec prog\n", NULL},
		{"exec 2>&1 prog\n", NULL},
		{"exec prog\nnever\n", NULL},
		{"exec prog <<END\nfoo\nEND\n", NULL},
		{"prog <<END\nfoo\nEND\n", NULL},
		{"prog; exit $?\n", NULL},
		{"prog &\nwait\n", NULL},
		{"prog &\n", NULL},
		{"a | b\n", NULL},
		{"a || b\n", NULL},
		{"a && exec b\n", NULL},
		{"while sleep 1; do\n\tdate\ndone\n", NULL},
		{"for i in 1 2; do echo; done\n", NULL},
		{"if a; then\n\texec b\nelse\n\texec c\nfi\n", NULL},
		{"f() {\n\texec prog\n}\nf\n", NULL},
		{"main() { prog; }\nmain\n", NULL},
		{". ./lib\n", NULL},
		{"eval $x\n", NULL},
		{"(\nprog\n)\n", NULL},
		{"(prog)\n", NULL},
		{"{\nprog\n}\n", NULL},
		{"X=1\n", NULL},
		{"", NULL},
		{"# nothing\n", NULL},
		{"echo 'unfinished\n", NULL},
		{"if x; then\nprog\n", NULL},
		{"until a; do b; done\n", NULL},
		{"\\\n", NULL},
		{"x\\", "x"},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[512];
		struct script_look look;

		snprintf(text, sizeof(text), "#!/bin/sh\n%s", cases[i].text);
		look = look_at(text);
		if (look.is_parent != (cases[i].last != NULL))
			fail_msg("%s", text);
		if (cases[i].last)
			assert_string_equal(look.last, cases[i].last);
	}
}

static void redirections_of_errors_are_seen(void **unused)
{
	(void)unused;
	assert_true(look_at("#!/bin/sh\nexec 2>&1\nx").redirects_errors);
	assert_true(look_at("#!/bin/sh\nexec x 2>/dev/null").redirects_errors);
	assert_true(look_at("#!/bin/bash\nexec x &>log").redirects_errors);
	assert_true(look_at("#!/bin/sh\n. ./common\nexec x").redirects_errors);
	assert_false(look_at("#!/bin/sh\necho x >&2\nexec x").redirects_errors);
	assert_false(look_at("#!/bin/sh\n# 2>&1\nexec x").redirects_errors);
	assert_false(look_at("#!/bin/sh\nexec x '2>&1'").redirects_errors);
}

/* ---- names ---- */

static void distances_count_slips(void **unused)
{
	static const struct {
		const char *one, *other;
		unsigned distance;
	} cases[] = {
		{"", "", 0},
		{"run", "run", 0},
		{"rnu", "run", 1},
		{"runn", "run", 1},
		{"rn", "run", 1},
		{"rum", "run", 1},
		{"", "abc", 3},
		{"abcd", "", 4},
		{"ca", "abc", 3},
		{"kitten", "sitting", 3},
		{"timeout-kil", "timeout-kill", 1},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(typo_distance(cases[i].one, cases[i].other, 9),
				 cases[i].distance);
		assert_int_equal(typo_distance(cases[i].other, cases[i].one, 9),
				 cases[i].distance);
	}
	assert_int_equal(typo_distance("kitten", "sitting", 2), 3);
}

static void guesses_are_near(void **unused)
{
	static const char *const names[] = {"run", "finish", "timeout-kill",
					    NULL};

	(void)unused;
	assert_string_equal(typo_guess("timout-kil", names), "timeout-kill");
	assert_string_equal(typo_guess("fnish", names), "finish");
	assert_string_equal(typo_guess("rnu", names), "run");
	assert_null(typo_guess("run", names));
	assert_null(typo_guess("env", names));
	assert_null(typo_guess("fish", names));
	assert_null(
		typo_guess("a-name-that-is-longer-than-any-of-these", names));
}

/* ---- words ---- */

static void quoted(const char *word, const char *expected)
{
	char *text = NULL;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	assert_non_null(file);
	quote_word(file, word);
	fclose(file);
	assert_string_equal(text, expected);
	free(text);
}

static void words_are_quoted_if_need_be(void **unused)
{
	(void)unused;
	quoted("plain-1.0/x,y:z@%+_", "plain-1.0/x,y:z@%+_");
	quoted("--a=b", "--a=b");
	quoted("", "''");
	quoted("a b", "'a b'");
	quoted("it's", "'it'\\''s'");
	quoted("$x", "'$x'");
	quoted("~", "'~'");
	quoted("a=b=c", "'a=b=c'");
	quoted("=x", "'=x'");
	quoted("\n", "'\n'");
}

static void limits_are_softlimits(void **unused)
{
	struct plan plan = {.line = NULL};

	(void)unused;
	assert_true(plan_add_limit(&plan, "nofile=1024"));
	assert_true(plan_add_limit(&plan, "core=unlimited"));
	assert_false(plan_add_limit(&plan, "nofile"));
	assert_false(plan_add_limit(&plan, "nofile="));
	assert_false(plan_add_limit(&plan, "nofile=-1"));
	assert_false(plan_add_limit(&plan, "files=1"));
	assert_false(plan_add_limit(&plan, "=1"));
	assert_int_equal(plan.limits.count, 4);
	assert_string_equal(plan.limits.items[0], "-o");
	assert_string_equal(plan.limits.items[1], "1024");
	assert_string_equal(plan.limits.items[2], "-c");
	assert_string_equal(plan.limits.items[3], "-");
	plan_free(&plan);
}

static void variables_have_names(void **unused)
{
	(void)unused;
	assert_true(plan_is_variable("A="));
	assert_true(plan_is_variable("_a1=b=c"));
	assert_false(plan_is_variable("1a=b"));
	assert_false(plan_is_variable("=b"));
	assert_false(plan_is_variable("a"));
	assert_false(plan_is_variable("a-b=c"));
}

/* ---- explanations ---- */

static void every_name_that_is_read_is_explained(void **unused)
{
	const struct explanation *row;
	size_t count = 0;

	(void)unused;
	for (int i = 0; i < CONFIG_NAME_COUNT; i++)
		assert_non_null(explain_find(config_file((enum config_name)i)));
	for (size_t i = 0; (row = explain_row(i)); i++, count++) {
		assert_ptr_equal(explain_find(row->file), row);
		assert_null(explain_guess(row->file));
		assert_in_range(strlen(row->meaning), 1, 62);
	}
	assert_int_equal(count, CONFIG_NAME_COUNT + 2); /* env, supervise */
	assert_null(explain_find("notes"));
	assert_string_equal(explain_guess("timout-kill"), "timeout-kill");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_are_told_apart),
		cmocka_unit_test(programs_are_no_text),
		cmocka_unit_test(forgotten_exec_is_found_and_nothing_else),
		cmocka_unit_test(redirections_of_errors_are_seen),
		cmocka_unit_test(distances_count_slips),
		cmocka_unit_test(guesses_are_near),
		cmocka_unit_test(words_are_quoted_if_need_be),
		cmocka_unit_test(limits_are_softlimits),
		cmocka_unit_test(variables_have_names),
		cmocka_unit_test(every_name_that_is_read_is_explained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
