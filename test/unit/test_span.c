/* test_span.c -- lengths of time, read and written. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/span.h"
#include "random.h"

static void spans_are_read(void **unused)
{
	static const struct {
		const char *text;
		uint32_t ms;
	} good[] = {
		{"0", 0},
		{"1", 1000},
		{"007", 7000},
		{"500ms", 500},
		{"10s", 10000},
		{"5m", 300000},
		{"2h", 7200000},
		{"1h30m", 5400000},
		{"1m30s250ms", 90250},
		{"90s", 90000},
		{"30m1h", 5400000},
		{"0h0ms", 0},
		{"4294967", 4294967000},
		{"4294967295ms", UINT32_MAX},
	};
	uint32_t span_ms;

	(void)unused;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		span_ms = 1;
		if (span_parse(good[i].text, UINT32_MAX, &span_ms) == -1)
			fail_msg("%s is refused", good[i].text);
		assert_int_equal(span_ms, good[i].ms);
	}
}

static void what_is_no_span_is_refused(void **unused)
{
	static const char *const bad[] = {
		"",   " ",    "s",    "ms",  "-1",   "+1",   "1.5s", "1 s",
		"s1", "1x",   "1sm",  "1hm", "1m30", "1s ",  " 1s",  "1S",
		"1d", "1mss", "0x10", "1,5", "ten",  "1s\n", "1e3",  "1hms",
	};
	uint32_t span_ms = 77;

	(void)unused;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		errno = 0;
		if (span_parse(bad[i], UINT32_MAX, &span_ms) != -1)
			fail_msg("\"%s\" passed for a span", bad[i]);
		assert_int_equal(errno, EINVAL);
		assert_int_equal(span_ms, 77);
	}
}

static void what_is_too_long_is_refused(void **unused)
{
	static const char *const bad[] = {
		"4294968",
		"4294967296ms",
		"1193h3600000s",
		"99999999999999999999999999999999h",
		"18446744073709551616ms",
		"4294967295h4294967295h4294967295h1ms",
	};
	uint32_t span_ms = 77;

	(void)unused;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		errno = 0;
		if (span_parse(bad[i], UINT32_MAX, &span_ms) != -1)
			fail_msg("\"%s\" passed for a span", bad[i]);
		assert_int_equal(errno, ERANGE);
	}
	assert_int_equal(span_parse("11s", 10999, &span_ms), -1);
	assert_int_equal(span_ms, 77);
	assert_int_equal(span_parse("11s", 11000, &span_ms), 0);
	assert_int_equal(span_ms, 11000);
}

static void what_is_written_is_read(void **unused)
{
	uint32_t seed = 1;

	(void)unused;
	for (int i = 0; i < 10000; i++) {
		uint32_t span_ms =
			next_random(&seed) >> next_random(&seed) % 32;
		char room[64];
		struct strb text = strb_on(room, sizeof(room));
		uint32_t back;

		span_add(&text, span_ms);
		assert_false(text.is_cut);
		assert_int_equal(span_parse(room, UINT32_MAX, &back), 0);
		assert_int_equal(back, span_ms);
	}
}

static void it_is_written_in_the_fewest_units(void **unused)
{
	static const struct {
		uint32_t ms;
		const char *text;
	} rows[] = {
		{0, "0s"},
		{1, "1ms"},
		{1000, "1s"},
		{60000, "1m"},
		{90000, "1m30s"},
		{3600000, "1h"},
		{3661001, "1h1m1s1ms"},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char room[64];
		struct strb text = strb_on(room, sizeof(room));

		span_add(&text, rows[i].ms);
		assert_string_equal(room, rows[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spans_are_read),
		cmocka_unit_test(what_is_no_span_is_refused),
		cmocka_unit_test(what_is_too_long_is_refused),
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(it_is_written_in_the_fewest_units),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
