/* test_supervisor_file.c -- configurations of supervisord: lines, words,
 * variables, "%(name)s". */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strb.h"
#include "make/supervisor_file.h"

/* ---- lines ---- */

/* What a text says: "NUMBER SECTION.KEY=VALUE|" for each line. */
static void lines_are(const char *text, const char *expected)
{
	char copy[512], room[1024];
	struct strb shown = strb_on(room, sizeof(room));
	struct supervisor_reader reader = {.at = copy};
	struct supervisor_line line;

	snprintf(copy, sizeof(copy), "%s", text);
	reader.end = copy + strlen(copy);
	while (supervisor_next(&reader, &line)) {
		strb_add_format(&shown, "%u ", line.number);
		if (line.wrong)
			strb_add(&shown, "wrong|");
		else if (!line.key)
			strb_add_format(&shown, "[%s]|", line.section);
		else
			strb_add_format(&shown, "%s.%s=%s|", line.section,
					line.key, line.value);
	}
	assert_string_equal(room, expected);
}

static void lines_have_sections_and_keys(void **unused)
{
	(void)unused;
	lines_are("", "");
	lines_are("\n\n# c\n ; c\n", "");
	lines_are("[a:b c]\nA = 1\n[d]x\nB:2=3\nc=\n",
		  "1 [a:b c]|2 a:b c.a=1|3 [d]|4 d.b=2=3|5 d.c=|");
	lines_are("[a]\r\nx=1\r\n", "1 [a]|2 a.x=1|");
	lines_are("[a]]b\nx=1", "1 [a]]|2 a].x=1|");
	lines_are("x=1\n[]\n[a\n=1\n", "1 wrong|2 wrong|3 wrong|4 wrong|");
	lines_are("[a]\nnonsense\n=x\n", "1 [a]|2 wrong|3 wrong|");
}

static void comments_have_a_blank_before_them(void **unused)
{
	(void)unused;
	lines_are("[a] ; c\nx=1;2 ;3\ny=1#2\t#3\n",
		  "1 [a]|2 a.x=1;2|3 a.y=1#2|");
	/* Quotes mean nothing here. */
	lines_are("[a]\nx=sh -c 'a ; b'\n", "1 [a]|2 a.x=sh -c 'a|");
	/* The first turn that finds one decides. */
	lines_are("[a]\nx=1;2 ;3 #4\n", "1 [a]|2 a.x=1;2 ;3|");
	lines_are("[a]\nx=1 ;2 #3\n", "1 [a]|2 a.x=1|");
	lines_are("[a]\nx=;1\n", "1 [a]|2 a.x=;1|");
}

static void lines_go_on(void **unused)
{
	(void)unused;
	lines_are("[a]\nx=1\n  2 ; c\n\t3\ny=4\n",
		  "1 [a]|2 a.x=1\n2\n3|5 a.y=4|");
	lines_are("[a]\nx=\n  1\n; c\n # c\n\n  2\n\n\ny=3\n",
		  "1 [a]|2 a.x=1\n\n2|10 a.y=3|");
	/* By how far they are indented, whatever they look like. */
	lines_are("[a]\nx=1\n [b]\n y=2\n", "1 [a]|2 a.x=1\n[b]\ny=2|");
	lines_are("[a]\n  x=1\n  y=2\n   z\n", "1 [a]|2 a.x=1|3 a.y=2\nz|");
	lines_are(" [a]\n  x=1\n y=2\n", "1 [a]|2 a.x=1|3 a.y=2|");
}

/* ---- "%(name)s" ---- */

static void expands_to(const char *text, const char *expected)
{
	struct list known = {.items = NULL};
	const struct supervisor_names names = {
		.here = "/etc",
		.host = "me",
		.program = "web",
		.group = "all",
		.has_number = true,
		.number = 7,
		.count = 12,
		.known = &known,
	};
	const char *wrong;
	char *result;

	list_add(&known, "A=old");
	list_add(&known, "A=b c");
	result = supervisor_expand(text, &names, &wrong);
	if (expected)
		assert_string_equal(result, expected);
	else
		assert_non_null(wrong);
	assert_int_equal(!result, !expected);
	free(result);
	list_free(&known);
}

static void names_are_expanded(void **unused)
{
	(void)unused;
	expands_to("", "");
	expands_to("100%%", "100%");
	expands_to(
		"%(here)s/%(program_name)s.%(group_name)s@%(host_node_name)s",
		"/etc/web.all@me");
	expands_to("%(process_num)d %(process_num)02d %(process_num)s of "
		   "%(numprocs)i",
		   "7 07 7 of 12");
	expands_to(
		"[%(process_num)4d] [%(process_num)-4d] [%(process_num)-04d] "
		"[%(process_num)03s]",
		"[   7] [7   ] [7   ] [  7]");
	expands_to("%(ENV_A)s%(ENV_A)5s.", "b c  b c.");
	expands_to("x%(ENV_NEW)sy", "x\001NEW\002y");
}

static void what_is_no_name_is_refused(void **unused)
{
	static const char *const texts[] = {
		"%",           "100%",           "%d",          "%(here)",
		"%(here)d",    "%(here",         "%(nothing)s", "%(ENV_A)d",
		"%(ENV_)s",    "%(ENV_a-b)s",    "%(ENV_1)s",   "%()s",
		"%(ENV_N)10s", "%(process_num)f"};

	(void)unused;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		expands_to(texts[i], NULL);
}

/* ---- words and variables ---- */

/* "WORD|" for each; "?" at the end: something is wrong. */
static void list_is(struct list *list, const char *wrong, const char *expected)
{
	char room[512];
	struct strb shown = strb_on(room, sizeof(room));

	for (size_t i = 0; i < list->count; i++)
		strb_add_format(&shown, "%s|", list->items[i]);
	strb_add(&shown, wrong ? "?" : "");
	assert_string_equal(room, expected);
	list_free(list);
}

static void words_are(const char *text, const char *expected)
{
	struct list words = {.items = NULL};
	const char *wrong = supervisor_words(text, &words);

	list_is(&words, wrong, expected);
}

static void words_are_quoted_as_supervisord_has_it(void **unused)
{
	(void)unused;
	words_are("", "");
	words_are(" a  b\n\tc ", "a|b|c|");
	words_are("a'b c'\"d e\"f", "ab cd ef|");
	words_are("'' \"\" x''", "||x|");
	words_are("'a\\b' \"a\\b\\\"\\\\c\\'\" a\\ b\\'\\n",
		  "a\\b|a\\b\"\\c\\'|a b'n|");
	words_are("$A `x` a;b #c *", "$A|`x`|a;b|#c|*|");
	words_are("'a", "?");
	words_are("b \"a", "b|?");
	words_are("a\\", "?");
	words_are("\"a\\", "?");
	words_are("\001A\002 \"\001A\002b\" c\001A\002'\001B\002'",
		  "\001A\002|\003A\002b|c\001A\002\003B\002|");
}

static void pairs_are(const char *text, const char *expected)
{
	struct list pairs = {.items = NULL};
	const char *wrong = supervisor_pairs(text, &pairs);

	list_is(&pairs, wrong, expected);
}

static void variables_are_quoted_as_supervisord_has_it(void **unused)
{
	(void)unused;
	pairs_are("", "");
	pairs_are("A=1", "A=1|");
	pairs_are("A=\"1 2\",B='x,y',\n C=/a/b:c.d-e+(f)",
		  "A=1 2|B=x,y|C=/a/b:c.d-e+(f)|");
	pairs_are("A=\"it's\",B='\"'", "A=it's|B=|");
	pairs_are("A=\"\",B=''", "A=|B=|");
	pairs_are("A=1,", "A=1|");
	pairs_are("A=\"a\\\"b", "A=a\\|");
	pairs_are("A=1 # B=2", "A=1|");
	pairs_are("A=#\n1", "A=1|");
	/* What is between two isn't looked at. */
	pairs_are("A=1;B=2 C D=3", "A=1|B=2|D=3|");
	pairs_are("A=a\"b c\",B=1", "A=a\"b|?");
	pairs_are("A=\xc3\xa9,B=1", "A=\xc3\xa9|B=1|");
	pairs_are("A=a@b", "A=a|?");
	pairs_are("A", "?");
	pairs_are("A=", "?");
	pairs_are("=1", "?");
	pairs_are("A=1,B", "A=1|?");
	pairs_are("A='1", "?");
	pairs_are("A=x\001B\002/y,C=\"\001D\002 e\"",
		  "A=x\001B\002/y|C=\001D\002 e|");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_have_sections_and_keys),
		cmocka_unit_test(comments_have_a_blank_before_them),
		cmocka_unit_test(lines_go_on),
		cmocka_unit_test(names_are_expanded),
		cmocka_unit_test(what_is_no_name_is_refused),
		cmocka_unit_test(words_are_quoted_as_supervisord_has_it),
		cmocka_unit_test(variables_are_quoted_as_supervisord_has_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
