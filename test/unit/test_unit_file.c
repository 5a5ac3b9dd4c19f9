/* test_unit_file.c -- units of systemd: lines, words, values; and any bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strb.h"
#include "make/import.h"
#include "make/sketch.h"
#include "make/unit_file.h"
#include "random.h"

/* ---- lines ---- */

/* What a text says: "NUMBER SECTION.KEY=VALUE|" for each line. */
static void lines_are(const char *text, const char *expected)
{
	char copy[512], room[1024];
	struct strb shown = strb_on(room, sizeof(room));
	struct unit_reader reader = {.at = copy};
	struct unit_line line;

	snprintf(copy, sizeof(copy), "%s", text);
	reader.end = copy + strlen(copy);
	while (unit_next(&reader, &line))
		strb_add_format(&shown, "%u %s.%s=%s|", line.number,
				line.section, line.key ? line.key : "?",
				line.value);
	assert_string_equal(room, expected);
}

static void lines_have_sections_and_keys(void **unused)
{
	(void)unused;
	lines_are("", "");
	lines_are("\n\n# c\n ; c\n", "");
	lines_are("[Unit]\nA=1\n[Service]\n\nB = 2 3 \nA=\n",
		  "2 Unit.A=1|5 Service.B=2 3|6 Service.A=|");
	lines_are("A=1", "1 .A=1|");
	lines_are("[S]\r\nA=1\r\n", "2 S.A=1|");
	lines_are("[S]\nnonsense\n=x\n[T\n",
		  "2 S.?=nonsense|3 S.?==x|4 S.?=[T|");
	lines_are("[S]\nA==b=c\n", "2 S.A==b=c|");
}

static void lines_go_on(void **unused)
{
	(void)unused;
	lines_are("[S]\nA=1 \\\n  2 \\\n3\nB=4\n", "2 S.A=1    2  3|5 S.B=4|");
	lines_are("[S]\nA=1 \\\n# in between \\\n; and\n2\nB=3\n",
		  "2 S.A=1  2|6 S.B=3|");
	lines_are("[S]\nA=1\\", "2 S.A=1|");
	lines_are("[S]\nA=1\\\n", "2 S.A=1|");
	lines_are("[S]\nA=1\\\r\n2\r\n", "2 S.A=1 2|");
	lines_are("# A=1 \\\nB=2\n", "2 .B=2|");
	/* Two are one that is meant. */
	lines_are("[S]\nA=1\\\\\nB=2\n", "2 S.A=1\\\\|3 S.B=2|");
	lines_are("[S]\nA=1\\\\\\\nB=2\n", "2 S.A=1\\\\ B=2|");
}

/* ---- words ---- */

/* The words, each followed by '|', the commands by '&'. */
static void words_are(const char *text, bool is_command, const char *expected)
{
	char room[1024];
	struct strb shown = strb_on(room, sizeof(room));
	const char *wrong = NULL;

	do {
		struct list words = {.items = NULL};

		wrong = unit_words(&text, is_command, &words);
		for (size_t i = 0; i < words.count; i++)
			strb_add_format(&shown, "%s|", words.items[i]);
		strb_add(&shown, wrong ? "!" : *text ? "&" : "");
		list_free(&words);
	} while (!wrong && *text != '\0');
	assert_string_equal(room, expected);
}

static void words_are_quoted_as_systemd_has_it(void **unused)
{
	(void)unused;
	words_are("", false, "");
	words_are("  a  b\tc ", false, "a|b|c|");
	words_are("\"a b\" 'c d' e'f g'h", false, "a b|c d|ef gh|");
	words_are("'' \"\"", false, "||");
	words_are("'a\"b' \"a'b\"", false, "a\"b|a'b|");
	words_are("a\\ b", false, "a\\ b|");
}

static void backslashes_are_c(void **unused)
{
	(void)unused;
	words_are("\\n\\t\\\\\\\"\\'\\s", false, "\n\t\\\"' |");
	words_are("'\\x41\\102' \\u00e9\\U0001F600", false,
		  "AB|\xc3\xa9\xf0\x9f\x98\x80|");
	words_are("\\u20ac", false, "\xe2\x82\xac|");
	/* What means nothing stays. */
	words_are("\\d+\\.x \\x4 \\x00 \\000 \\ud800 \\", false,
		  "\\d+\\.x|\\x4|\\x00|\\000|\\ud800|\\|");
	words_are("\\777", false, "\\777|");
}

static void quotes_have_to_end(void **unused)
{
	(void)unused;
	words_are("a 'b c", false, "a|b c|!");
	words_are("\"a\\\"", false, "a\"|!");
}

static void commands_are_parted(void **unused)
{
	(void)unused;
	words_are("a b ; c ; ", true, "a|b|&c|&");
	words_are("a \\; b;c ';'", true, "a|;|b;c|;|");
	words_are("a ; b", false, "a|;|b|");
}

/* ---- values ---- */

static void spans_are_systemds(void **unused)
{
	static const struct {
		const char *text;
		int64_t ms; /* -2: it is none */
	} cases[] = {
		{"5", 5000},
		{"90s", 90000},
		{"100ms", 100},
		{"5min 20s", 320000},
		{"1h30m", 5400000},
		{"1.5s", 1500},
		{"2 days", 172800000},
		{"1 w", 604800000},
		{"500us", 0},
		{"1M", 2629800000},
		{"0", 0},
		{"3 sec", 3000},
		{"1msec", 1},
		{"", -2},
		{"x", -2},
		{"5 parsecs", -2},
		{"-5", -2},
		{"0x5", -2},
		{"5,5", -2},
		{"inf", -2},
		{".5", -2},
		{"99999999999999999999y", INT64_MAX / 4 / 1000000},
	};
	int64_t span_ns;

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool is_one = unit_span(cases[i].text, &span_ns);

		if (is_one != (cases[i].ms != -2) ||
		    (is_one && span_ns / 1000000 != cases[i].ms))
			fail_msg("%s: %lld", cases[i].text,
				 (long long)(is_one ? span_ns : -2));
	}
	assert_true(unit_span("infinity", &span_ns));
	assert_true(span_ns == -1);
}

static void sizes_and_truths(void **unused)
{
	uint64_t bytes;
	bool is_true;

	(void)unused;
	assert_true(unit_bytes("16384", &bytes) && bytes == 16384);
	assert_true(unit_bytes("4K", &bytes) && bytes == 4096);
	assert_true(unit_bytes("2G", &bytes) && bytes == UINT64_C(2) << 30);
	assert_false(unit_bytes("", &bytes) || unit_bytes("K", &bytes) ||
		     unit_bytes("4KB", &bytes) || unit_bytes("4x", &bytes) ||
		     unit_bytes("-1", &bytes) ||
		     unit_bytes("99999999E", &bytes));
	assert_true(unit_boolean("yes", &is_true) && is_true);
	assert_true(unit_boolean("Off", &is_true) && !is_true);
	assert_false(unit_boolean("maybe", &is_true) ||
		     unit_boolean("", &is_true));
}

static void names_are_unescaped(void **unused)
{
	char out[16];

	(void)unused;
	assert_true(unit_unescape("a\\x2db-c", 8, false, out, sizeof(out)));
	assert_string_equal(out, "a-b-c");
	assert_true(unit_unescape("a\\x2db-c", 8, true, out, sizeof(out)));
	assert_string_equal(out, "a-b/c");
	assert_false(unit_unescape("a\\x00", 5, false, out, sizeof(out)));
	assert_false(unit_unescape("aaaaaaaaaaaaaaaaaaaa", 20, false, out,
				   sizeof(out)));
}

/* ---- whole units ---- */

static void ignore(void *with, const struct import_note *note)
{
	assert_non_null(note->key);
	assert_true(*note->why != '\0' && *note->advice != '\0');
	++*(unsigned *)with;
}

/* Imports and draws it; whatever it is, that comes to an end, and no name leads
 * out of the directory. */
static void import_any(char *text, size_t len, unsigned *notes)
{
	struct import import = {
		.name = "any@one", .tell = ignore, .with = notes};
	struct sketch sketch = {.entries = NULL};

	if (import_unit(&import, text, len) == 0) {
		plan_draw(&import.plan, &sketch);
		assert_false(sketch.is_short);
		for (size_t i = 0; i < sketch.count; i++) {
			assert_true(sketch.entries[i].path[0] != '/');
			assert_null(strstr(sketch.entries[i].path, "../"));
		}
	}
	sketch_free(&sketch);
	import_free(&import);
}

static int draw_any(void *with, struct import *import)
{
	struct sketch sketch = {.entries = NULL};

	plan_draw(&import->plan, &sketch);
	assert_false(sketch.is_short);
	sketch_free(&sketch);
	++*(unsigned *)with;
	return 0;
}

static void any_bytes_are_read(void **unused)
{
	static const char *const pieces[] = {"[Service]\n",
					     "[Unit]\n",
					     "[Install]\n",
					     "ExecStart=",
					     "ExecStartPre=",
					     "ExecReload=",
					     "ExecStop=",
					     "Environment=",
					     "User=root\n",
					     "After=",
					     "Requires=",
					     "LimitNOFILE=",
					     "RestartSec=",
					     "StandardOutput=",
					     "RuntimeDirectory=",
					     "/bin/x",
					     " ",
					     "\n",
					     "\\\n",
					     "'",
					     "\"",
					     "\\",
					     "%",
					     "%i",
					     "$A",
					     "${A}",
					     "$$",
					     ";",
					     "-",
					     "@",
					     "+",
					     ".service",
					     "../",
					     "A=b",
					     "5",
					     "s",
					     "\x80",
					     "file:/",
					     "web: ",
					     "#",
					     "\\x41",
					     "Type=oneshot\n"};
	const size_t count = sizeof(pieces) / sizeof(pieces[0]);
	uint32_t seed = 7;
	unsigned notes = 0, services = 0;

	(void)unused;
	for (int round = 0; round < 20000; round++) {
		char text[512] = "";
		size_t len = 0, end = next_random(&seed) % 40;
		struct import import = {.tell = ignore, .with = &services};

		for (size_t i = 0; i < end; i++)
			len += (size_t)snprintf(
				text + len, sizeof(text) - len, "%s",
				pieces[next_random(&seed) % count]);
		if (round % 2 == 0) {
			import_any(text, len, &notes);
			continue;
		}
		import_procfile(&import, "/srv", text, len, draw_any);
		import_free(&import);
	}
	assert_true(notes > 1000 && services > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_have_sections_and_keys),
		cmocka_unit_test(lines_go_on),
		cmocka_unit_test(words_are_quoted_as_systemd_has_it),
		cmocka_unit_test(backslashes_are_c),
		cmocka_unit_test(quotes_have_to_end),
		cmocka_unit_test(commands_are_parted),
		cmocka_unit_test(spans_are_systemds),
		cmocka_unit_test(sizes_and_truths),
		cmocka_unit_test(names_are_unescaped),
		cmocka_unit_test(any_bytes_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
