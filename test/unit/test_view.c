/* test_view.c -- what people see: text that fits, states, tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/span.h"
#include "view/event.h"
#include "view/object.h"
#include "view/row.h"
#include "view/table.h"
#include "view/text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NOW_S        1800000000

static struct row_moment moment(void)
{
	return (struct row_moment){.now = {.tv_sec = NOW_S},
				   .now_ns = 100 * SPAN_SECOND_NS};
}

/* ---- text ---- */

/* U+202E, and what would stand before it. */
static const char turned[] = {'\xe2', '\x80', '\xae', 'g', 'n', 'p', '\0'};

static void text_is_shown_in_columns(void **unused)
{
	static const struct {
		const char *text;
		size_t columns;
		const char *shown;
	} cases[] = {
		{"web", 8, "web"},
		{"web", 3, "web"},
		{"webs", 3, "we~"},
		{"webs", 1, "~"},
		{"webs", 0, ""},
		{"", 4, ""},
		/* Letters of two, three and four bytes are never cut. */
		{"b\u00e4\u00e4r", 4, "b\u00e4\u00e4r"},
		{"b\u00e4\u00e4rs", 4, "b\u00e4\u00e4~"},
		{"\u65e5\u672c", 4, "\u65e5\u672c"},
		{"\u65e5\u672c", 3, "\u65e5~"},
		{"\u65e5\u672c", 2, "~"},
		{"\U0001f600x", 3, "\U0001f600x"},
		/* A mark goes with its letter. */
		{"e\u0301x", 2, "e\u0301x"},
		/* No orders for the terminal, in no disguise. */
		{"\033[31m", 10, "^[[31m"},
		{"a\tb\nc\r\x7f", 20, "a b^Jc^M^?"},
		{"\xc2\x9b"
		 "31m",
		 10, "?31m"},
		{turned, 10, "?gnp"},
		/* What isn't UTF-8: each byte alone. */
		{"\xff\xc3", 10, "??"},
		{"\xc0\xaf\xed\xa0\x80", 10, "?????"},
		{"\xe2\x82", 10, "??"},
		{"\xf4\x90\x80\x80", 10, "????"},
	};

	(void)unused;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char room[64];
		struct strb out = strb_on(room, sizeof(room));
		size_t used =
			text_add_shown(&out, cases[i].text, cases[i].columns);

		assert_string_equal(room, cases[i].shown);
		assert_int_equal(used, text_width(cases[i].shown));
		assert_true(used <= cases[i].columns);
	}
}

static void text_is_padded(void **unused)
{
	char room[64];
	struct strb out = strb_on(room, sizeof(room));

	(void)unused;
	text_add_left(&out, "\u65e5", 4);
	text_add_right(&out, "12", 4);
	text_add_right(&out, "12345", 4);
	assert_string_equal(room, "\u65e5    12123~");
}

static void text_is_wrapped(void **unused)
{
	char room[64];
	struct strb out = strb_on(room, sizeof(room));

	(void)unused;
	text_add_wrapped(&out, "one two  three incomprehensible ", 2, 10);
	assert_string_equal(room, "one two\n  three\n  incomprehensible");
}

static void figures_are_short(void **unused)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} spans[] = {
		{-5, "0s"},
		{0, "0s"},
		{59, "59s"},
		{130, "2m10s"},
		{3599, "59m59s"},
		{3661, "1h1m"},
		{86400, "1d"},
		{12 * 86400 + 3 * 3600 + 5, "12d3h"},
		{400 * INT64_C(86400), "400d"},
	};
	static const struct {
		int64_t bytes;
		const char *text;
	} sizes[] = {
		{0, "0K"},
		{1024, "1K"},
		{1023 * 1024, "1023K"},
		{1024 * 1024, "1.0M"},
		{INT64_C(10) << 20, "10M"},
		{INT64_C(34) << 30, "34G"},
		{INT64_C(5) << 40, "5.0T"},
	};
	char room[64];
	struct strb out;

	(void)unused;
	for (size_t i = 0; i < COUNT(spans); i++) {
		out = strb_on(room, sizeof(room));
		text_add_span(&out, spans[i].seconds);
		assert_string_equal(room, spans[i].text);
		assert_true(out.len <= 6);
	}
	for (size_t i = 0; i < COUNT(sizes); i++) {
		out = strb_on(room, sizeof(room));
		text_add_bytes(&out, sizes[i].bytes);
		assert_string_equal(room, sizes[i].text);
	}
	out = strb_on(room, sizeof(room));
	text_add_cpu(&out, 59950);
	text_add_cpu(&out, 61000);
	assert_string_equal(room, "59.9s1m1s");
}

/* ---- rows ---- */

/* A service that is hosted, in a phase, as its state says. */
static struct survey_service service_in(const char *phase, const char *want)
{
	static char name[] = "web";
	struct survey_service service = {.name = name, .has_state = true};
	struct state *state = &service.state;

	snprintf(state->phase, sizeof(state->phase), "%s", phase);
	snprintf(state->want, sizeof(state->want), "%s", want);
	service.look.is_hosted = service.look.has_status = true;
	service.look.status.changed_at.tv_sec = NOW_S - 60;
	return service;
}

static void set_end(struct state *state, const char *how, int number)
{
	snprintf(state->last_end, sizeof(state->last_end), "%s", how);
	state->last_number = number;
	state->deaths = 1;
}

static void expect(const struct survey_service *service, const char *word,
		   const char *words)
{
	const struct row_moment now = moment();
	char room[256];
	struct strb text = strb_on(room, sizeof(room));
	struct row row;

	row_judge(service, &now, &row);
	row_describe(&row, &text);
	assert_string_equal(row_word(row.state), word);
	assert_string_equal(room, words);
}

static void states_that_are_well(void **unused)
{
	struct survey_service service = service_in("up", "up");

	(void)unused;
	expect(&service, "up", "up");
	service.look.will_tell = true;
	expect(&service, "starting", "starting");
	service.state.is_ready = true;
	expect(&service, "ready", "ready");
	service.state.is_paused = true;
	expect(&service, "paused", "paused");
	service = service_in("up", "down");
	service.state.is_term_sent = true;
	expect(&service, "stopping", "stopping");
	service = service_in("active", "up");
	expect(&service, "done", "done");
	service = service_in("starting", "up");
	expect(&service, "starting", "starting");
	service = service_in("finishing", "down");
	expect(&service, "stopping", "stopping");
	service = service_in("down", "down");
	set_end(&service.state, "signal", SIGTERM);
	expect(&service, "down", "down");
	service = service_in("waiting", "up");
	expect(&service, "starting", "starting");
	service.waits_for = "db";
	expect(&service, "waiting", "waiting for db");
	service = service_in("up", "up");
	snprintf(service.state.waits_for, sizeof(service.state.waits_for),
		 "/mnt/far");
	expect(&service, "starting",
	       "starting: waits for the file system of /mnt/far");
	service.state.is_term_sent = true;
	expect(&service, "stopping",
	       "stopping: waits for the file system of /mnt/far");
}

static void states_that_are_trouble(void **unused)
{
	struct survey_service service = service_in("down", "down");

	(void)unused;
	service.state.is_failed = true;
	set_end(&service.state, "exit", 3);
	expect(&service, "failed", "failed: exit 3");
	set_end(&service.state, "signal", SIGSEGV);
	service.state.has_dumped = true;
	expect(&service, "failed", "failed: killed by SEGV (core dumped)");
	set_end(&service.state, "signal", SIGKILL);
	service.state.was_starved = true;
	expect(&service, "failed", "failed: killed by KILL (out of memory)");
	service = service_in("waiting", "up");
	set_end(&service.state, "exit", 1);
	service.state.start_due_ns = 100 * SPAN_SECOND_NS + 1;
	expect(&service, "restarting", "restarting: exit 1");
	service.state.start_due_ns = 104 * SPAN_SECOND_NS;
	expect(&service, "restarting", "restarting in 4s: exit 1");
	/* Somebody restarts it; or it ends as if nothing was wrong, always. */
	set_end(&service.state, "signal", SIGTERM);
	expect(&service, "starting", "starting");
	set_end(&service.state, "exit", 0);
	expect(&service, "starting", "starting");
	service.recent_deaths = SURVEY_DEATHS;
	expect(&service, "restarting", "restarting in 4s: exit 0");
	service = service_in("up", "up");
	set_end(&service.state, "exit", 1);
	service.state.memory.streak = 5;
	expect(&service, "unstable", "up, but keeps ending: exit 1");
	service.state.memory.streak = 0;
	expect(&service, "up", "up");
	service.recent_deaths = SURVEY_DEATHS;
	expect(&service, "unstable", "up, but keeps ending: exit 1");
	service = service_in("down", "once");
	set_end(&service.state, "exit", 1);
	expect(&service, "down", "down: exit 1");
	set_end(&service.state, "exit", 0);
	expect(&service, "down", "down");
	service = service_in("up", "up");
	service.look.trouble = "open supervise/ok";
	service.look.is_hosted = false;
	service.look.error = 6; /* ENXIO */
	service.has_state = false;
	expect(&service, "unsupervised", "not supervised");
	service.look.error = 13; /* EACCES */
	expect(&service, "unknown",
	       "unknown: unable to open supervise/ok: access denied");
	service.is_bundle = true;
	expect(&service, "bundle", "bundle");
}

/* Supervisors that leave nothing but 18 or 20 bytes. */
static void states_of_other_suites(void **unused)
{
	struct survey_service service = service_in("", "");

	(void)unused;
	service.has_state = false;
	service.look.phase = LOOK_RUN;
	expect(&service, "up", "up");
	service.look.status.wanted = 'd';
	expect(&service, "stopping", "stopping");
	service.look.phase = LOOK_FINISH;
	expect(&service, "stopping", "stopping");
	service.look.phase = LOOK_DOWN;
	expect(&service, "down", "down");
	service.look.status.wanted = 'u';
	expect(&service, "restarting", "restarting");
}

static void trouble_comes_first(void **unused)
{
	static const struct {
		const char *name;
		enum row_state state;
		const char *log_trouble;
	} rows[] = {
		{"z", ROW_FAILED, NULL},   {"a", ROW_RESTARTING, NULL},
		{"m", ROW_READY, "down"},  {"b", ROW_WAITING, NULL},
		{"a", ROW_STARTING, NULL}, {"a", ROW_READY, NULL},
		{"b", ROW_UP, NULL},       {"c", ROW_READY, NULL},
		{"a", ROW_DOWN, NULL},     {"b", ROW_DOWN, NULL},
	};

	(void)unused;
	for (size_t i = 1; i < COUNT(rows); i++) {
		struct row one = {.name = rows[i - 1].name,
				  .state = rows[i - 1].state,
				  .log_trouble = rows[i - 1].log_trouble};
		struct row other = {.name = rows[i].name,
				    .state = rows[i].state,
				    .log_trouble = rows[i].log_trouble};

		assert_true(row_compare(&one, &other) < 0);
		assert_true(row_compare(&other, &one) > 0);
	}
}

static void trouble_has_advice(void **unused)
{
	struct survey_service service = service_in("up", "up");
	char room[1024];

	(void)unused;
	for (int state = 0; state < ROW_STATE_COUNT; state++) {
		struct strb text = strb_on(room, sizeof(room));
		struct row row = {.service = &service,
				  .name = "web",
				  .state = (enum row_state)state,
				  .waits_for = "db"};

		row_advise(&row, "/service", &text);
		if (row_health(&row) == ROW_BAD)
			assert_true(text.len > 0);
		if (row_health(&row) == ROW_GOOD)
			assert_int_equal(text.len, 0);
		assert_false(text.is_cut);
	}
}

/* ---- tables ---- */

static void lines_are_as_wide_as_the_screen(void **unused)
{
	struct survey_service service = service_in("down", "down");
	const struct row_moment now = moment();
	static char long_name[] = "a-service-with-a-name-that-is-much-too-long";
	struct row rows[2];

	(void)unused;
	service.state.is_failed = true;
	set_end(&service.state, "signal", SIGSEGV);
	service.state.has_dumped = true;
	for (size_t i = 0; i < 2; i++) {
		row_judge(&service, &now, &rows[i]);
		rows[i].pid = 4194304;
		rows[i].restarts = 12345;
		rows[i].usage = (struct usage){3, INT64_C(5) << 30, 123456};
		memset(rows[i].log_line, 'x', 300);
	}
	rows[1].name = long_name;
	for (size_t width = 40; width < 400; width++) {
		struct table table = {.has_shares = false};
		size_t least = 0;

		table_plan(&table, rows, 2, &now, width);
		for (int i = 0; i < 3; i++) {
			char room[TABLE_LINE_SIZE];
			struct strb line = strb_on(room, sizeof(room));
			struct table_mark mark;

			if (i == 2)
				table_add_heading(&table, &line);
			else
				table_add_row(&table, &rows[i], &now, &line,
					      &mark);
			assert_true(text_width(room) <= width);
			if (text_width(room) > least)
				least = text_width(room);
			if (i < 2)
				assert_memory_equal(room + mark.offset,
						    "failed", 6);
		}
		/* Where there is something to say the room is used. */
		if (table.columns[TABLE_LOG] != 0)
			assert_true(least == width || width > 390);
	}
}

static void columns_without_content_are_left_out(void **unused)
{
	struct survey_service service = service_in("down", "down");
	const struct row_moment now = moment();
	struct table table = {.has_shares = false};
	struct row row;
	char room[TABLE_LINE_SIZE];
	struct strb line = strb_on(room, sizeof(room));

	(void)unused;
	row_judge(&service, &now, &row);
	table_plan(&table, &row, 1, &now, 80);
	table_add_heading(&table, &line);
	assert_string_equal(room, "SERVICE  STATE  FOR");
}

/* ---- events ---- */

/* What happened between, as one text. */
static void expect_events(const struct look *before, const struct look *now,
			  const char *expected)
{
	struct event events[EVENT_MOST];
	char room[512];
	struct strb text = strb_on(room, sizeof(room));
	size_t count = event_compare(before, now, events);

	for (size_t i = 0; i < count; i++) {
		strb_add(&text, i ? "; " : "");
		event_describe(&events[i], &text);
	}
	assert_string_equal(room, expected);
}

static struct look look_at(uint32_t pid, int64_t starts, int64_t deaths)
{
	struct look look = {
		.is_hosted = true,
		.has_status = true,
		.has_state = true,
		.phase = pid != 0 ? LOOK_RUN : LOOK_DOWN,
	};

	look.status.run_pid = pid;
	look.state.starts = starts;
	look.state.deaths = deaths;
	look.state.last_pid = 90 + starts;
	if (deaths > 0)
		set_end(&look.state, "exit", 3);
	look.state.deaths = deaths;
	return look;
}

static void events_are_what_differs(void **unused)
{
	struct look none = {.trouble = "open supervise/ok"};
	struct look down = look_at(0, 1, 1), up = look_at(12, 2, 1);
	struct look other = up;

	(void)unused;
	expect_events(&none, &none, "");
	expect_events(&up, &up, "");
	expect_events(&none, &up, "is supervised; started, pid 12");
	expect_events(&down, &up, "started, pid 12");
	other = look_at(0, 2, 2);
	expect_events(&up, &other, "died: exit 3");
	other = look_at(13, 3, 2);
	expect_events(&up, &other, "died: exit 3; started, pid 13");
	/* More than a look could see. */
	other = look_at(13, 6, 5);
	expect_events(&up, &other, "died: exit 3, 4 times; started, pid 13");
	other = look_at(0, 2, 2);
	expect_events(&down, &other, "started, pid 92; died: exit 3");
	other = look_at(0, 3, 3);
	expect_events(&up, &other,
		      "died: exit 3; started, pid 93; died: exit 3");
	other = look_at(0, 2, 2);
	other.state.is_failed = true;
	expect_events(&up, &other,
		      "died: exit 3; failed, and is not started again: exit 3");
	other = up;
	other.state.is_ready = true;
	expect_events(&up, &other, "is ready");
	expect_events(&other, &other, "");
	other.status.is_paused = true;
	expect_events(&up, &other, "is ready; is paused");
	expect_events(&other, &up, "goes on");
	other = up;
	other.is_hosted = false;
	expect_events(&up, &other, "is not supervised");
}

/* Supervisors that count nothing. */
static void events_of_other_suites(void **unused)
{
	struct look down = look_at(0, 0, 0), up = look_at(12, 0, 0);
	struct look other = look_at(13, 0, 0);

	(void)unused;
	down.has_state = up.has_state = other.has_state = false;
	expect_events(&down, &up, "started, pid 12");
	expect_events(&up, &other, "died; started, pid 13");
	expect_events(&up, &down, "died");
}

/* ---- JSON ---- */

static void objects_are_json(void **unused)
{
	char *text = NULL;
	size_t len = 0;
	FILE *file = open_memstream(&text, &len);
	struct object object = {.file = file};

	(void)unused;
	object_begin(&object, NULL);
	object_text(&object, "a", "x\"\n\xff");
	object_text(&object, "b", NULL);
	object_begin_array(&object, "c");
	object_begin(&object, NULL);
	object_end(&object);
	object_number(&object, NULL, -1);
	object_end_array(&object);
	object_flag(&object, "d", true);
	object_time(&object, "e", 1795398346);
	object_time(&object, "f", 0);
	object_end(&object);
	fclose(file);
	assert_string_equal(text, "{\"a\":\"x\\\"\\n\\udcff\",\"b\":null,"
				  "\"c\":[{},-1],\"d\":true,"
				  "\"e\":\"2026-11-23T01:45:46Z\",\"f\":null}"
				  "\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_shown_in_columns),
		cmocka_unit_test(text_is_padded),
		cmocka_unit_test(text_is_wrapped),
		cmocka_unit_test(figures_are_short),
		cmocka_unit_test(states_that_are_well),
		cmocka_unit_test(states_that_are_trouble),
		cmocka_unit_test(states_of_other_suites),
		cmocka_unit_test(trouble_comes_first),
		cmocka_unit_test(trouble_has_advice),
		cmocka_unit_test(lines_are_as_wide_as_the_screen),
		cmocka_unit_test(columns_without_content_are_left_out),
		cmocka_unit_test(events_are_what_differs),
		cmocka_unit_test(events_of_other_suites),
		cmocka_unit_test(objects_are_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
