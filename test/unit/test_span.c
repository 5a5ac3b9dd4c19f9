/* test_span.c -- lengths of time, read and written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/span.h"
#include "random.h"

#define MS_NS      SPAN_MILLISECOND_NS
#define LONGEST_NS (INT64_C(36525) * 86400 * SPAN_SECOND_NS)

/* clang-format off */
static const struct {
	const char *text;
	int64_t ms; /* with a second as unit */
} good[] = {
	{"0", 0}, {"1", 1000}, {"007", 7000}, {"1.5", 1500}, {"0.25", 250},
	{"500ms", 500}, {"10s", 10000}, {"5m", 300000}, {"2h", 7200000},
	{"1h30m", 5400000}, {"1m30s250ms", 90250}, {"90s", 90000},
	{"30m1h", 5400000}, {"0h0ms", 0}, {"1.5h", 5400000}, {"0.5m1.5s", 31500},
	{"1d", 86400000}, {"1w2d1h", 781200000}, {"0.5w", 302400000},
	{"3155759999", 3155759999000}, {"1.0000000001s", 1000},
};

static const char *const bad[] = {
	"", " ", "s", "ms", "-1", "+1", ".5", "5.", "5.s", "1.2.3", "1 s", "s1",
	"1x", "1sm", "1hm", "1m30", "1s ", " 1s", "1S", "1y", "1mss", "0x10",
	"1,5", "ten", "1s\n", "1e3", "1hms", "1.s5", "1h.5m", "1m.", "1m5.",
};

static const char *const centuries[] = {
	"3155760000", "3155760001", "876600h", "876601h", "876599h3600s1ms",
	"99999999999999999999999999999.9999999999999", "9223372036854775807ms",
	"99999999999999999999999999999999h", "18446744073709551616ms",
	"876600h876600h876600h876600h876600h876600h", "3155760000000.9",
};
/* clang-format on */

static void spans_are_read(void **unused)
{
	int64_t span_ns;

	(void)unused;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		span_ns = -1;
		if (!span_parse(good[i].text, SPAN_SECOND_NS, &span_ns))
			fail_msg("%s is refused", good[i].text);
		assert_int_equal(span_ns, good[i].ms * MS_NS);
	}
	/* A lone number is of another unit elsewhere, others are not. */
	assert_true(span_parse("1500", MS_NS, &span_ns));
	assert_int_equal(span_ns, 1500 * MS_NS);
	assert_true(span_parse("2m", MS_NS, &span_ns));
	assert_int_equal(span_ns, 120 * SPAN_SECOND_NS);
}

static void what_is_no_span_is_refused(void **unused)
{
	int64_t span_ns = 77;

	(void)unused;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (span_parse(bad[i], SPAN_SECOND_NS, &span_ns))
			fail_msg("\"%s\" passed for a span", bad[i]);
		assert_int_equal(span_ns, 77);
	}
}

static void what_is_longer_is_a_century(void **unused)
{
	int64_t span_ns;

	(void)unused;
	for (size_t i = 0; i < sizeof(centuries) / sizeof(centuries[0]); i++) {
		assert_true(span_parse(centuries[i], SPAN_SECOND_NS, &span_ns));
		if (span_ns != LONGEST_NS)
			fail_msg("%s is no century", centuries[i]);
	}
	assert_true(span_parse("3155759999", SPAN_SECOND_NS, &span_ns));
	assert_int_equal(span_ns, LONGEST_NS - SPAN_SECOND_NS);
}

static void what_is_written_is_read(void **unused)
{
	uint32_t seed = 1;

	(void)unused;
	for (int i = 0; i < 10000; i++) {
		int64_t spread =
			next_random(&seed) >> 1 >> next_random(&seed) % 31;
		int64_t span_ns = next_random(&seed) * spread % LONGEST_NS /
				  MS_NS * MS_NS;
		char room[64];
		struct strb text = strb_on(room, sizeof(room));
		int64_t back;

		span_add(&text, span_ns);
		assert_false(text.is_cut);
		assert_true(span_parse(room, 1, &back));
		assert_int_equal(back, span_ns);
	}
}

static void it_is_written_in_the_fewest_units(void **unused)
{
	static const struct {
		int64_t ms;
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

		span_add(&text, rows[i].ms * MS_NS);
		assert_string_equal(room, rows[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spans_are_read),
		cmocka_unit_test(what_is_no_span_is_refused),
		cmocka_unit_test(what_is_longer_is_a_century),
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(it_is_written_in_the_fewest_units),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
