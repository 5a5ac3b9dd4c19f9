/* test_when.c -- moments as people type them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/calendar.h"
#include "random.h"
#include "read/moment.h"
#include "read/when.h"

/* 2026-11-22 15:30:45.25 UTC, a Sunday. */
#define NOW_S   INT64_C(1795361445)
#define TODAY_S (NOW_S - 15 * 3600 - 30 * 60 - 45)
#define NOW_NS  250000000
#define DAY     86400
static const struct timespec now = {NOW_S, NOW_NS};

static void set_zone(const char *zone)
{
	setenv("TZ", zone, 1);
	calendar_init();
}

struct row {
	const char *text;
	int64_t second;
	long nanosecond;
};

static void check(const struct row *rows, size_t count, bool is_utc)
{
	for (size_t i = 0; i < count; i++) {
		struct timespec moment = {1, 2};
		const char *wrong =
			when_parse(rows[i].text, now, is_utc, &moment);

		if (wrong)
			fail_msg("%s: %s", rows[i].text, wrong);
		if (moment.tv_sec != rows[i].second ||
		    moment.tv_nsec != rows[i].nanosecond)
			fail_msg("%s: %lld.%09ld", rows[i].text,
				 (long long)moment.tv_sec, moment.tv_nsec);
	}
}

/* clang-format off */
static const struct row rows[] = {
	{"now", NOW_S, NOW_NS},
	{"today", TODAY_S, 0},
	{"yesterday", TODAY_S - DAY, 0},
	{"yesterday 14:00", TODAY_S - DAY + 14 * 3600, 0},
	{"today 00:00:59.5", TODAY_S + 59, 500000000},
	{"14:00", TODAY_S + 14 * 3600, 0},
	{"23:59:60", TODAY_S + DAY, 0},
	{"30s", NOW_S - 30, NOW_NS},
	{"10m", NOW_S - 600, NOW_NS},
	{"2h", NOW_S - 7200, NOW_NS},
	{"1h30m", NOW_S - 5400, NOW_NS},
	{"2 d ago", NOW_S - 2 * DAY, NOW_NS},
	{"1w 1d", NOW_S - 8 * DAY, NOW_NS},
	{"0s", NOW_S, NOW_NS},
	{"1.5h", NOW_S - 5400, NOW_NS},
	{"1h 30 m", NOW_S - 5400, NOW_NS},
	{"500ms", NOW_S - 1, NOW_NS + 500000000},
	/* More than a century is as good as one. */
	{"99999999999999w", NOW_S - INT64_C(36525) * DAY, NOW_NS},
	{"2026-11-22", TODAY_S, 0},
	{"2026-11-22 14:00", TODAY_S + 14 * 3600, 0},
	{"2026-11-22T14:00:05", TODAY_S + 14 * 3600 + 5, 0},
	{"2026-11-22T14:00:05Z", TODAY_S + 14 * 3600 + 5, 0},
	{"2026-11-22 14:00:05.000000001 Z", TODAY_S + 14 * 3600 + 5, 1},
	{"2026-11-22T14:00:05+01:00", TODAY_S + 13 * 3600 + 5, 0},
	{"2026-11-22T14:00:05-0330", TODAY_S + 17 * 3600 + 1805, 0},
	{"1970-01-01", 0, 0},
	{"1969-12-31 23:59:59Z", -1, 0},
	{"2024-02-29", INT64_C(1709164800), 0},
	{"9999-12-31", INT64_C(253402214400), 0},
	{"@400000003b4a39c23294b13c", 994720184, 848605500},
	/* Without nanoseconds; "9" and "a" where a decimal number could be. */
	{"@400000003b4a39c2", 994720184, 0},
	{"@1700000000", INT64_C(1700000000), 0},
	{"@1700000000.25", INT64_C(1700000000), 250000000},
	{"@0", 0, 0},
	/* In words. */
	{"2 days ago", NOW_S - 2 * DAY, NOW_NS},
	{"1 hour ago", NOW_S - 3600, NOW_NS},
	{"90 min", NOW_S - 5400, NOW_NS},
	{"90min ago", NOW_S - 5400, NOW_NS},
	{"10 Minutes Ago", NOW_S - 600, NOW_NS},
	{"1 hour 30 minutes ago", NOW_S - 5400, NOW_NS},
	{"1 hour and 30 minutes ago", NOW_S - 5400, NOW_NS},
	{"1 hour, 30 minutes", NOW_S - 5400, NOW_NS},
	{"3 weeks", NOW_S - 21 * DAY, NOW_NS},
	{"30 secs ago", NOW_S - 30, NOW_NS},
	{"250 msec", NOW_S, 0},
	{"2 hrs", NOW_S - 7200, NOW_NS},
	{"1d 2h ago", NOW_S - DAY - 7200, NOW_NS},
	{"-1h", NOW_S - 3600, NOW_NS},
	{"-2 days", NOW_S - 2 * DAY, NOW_NS},
	{"an hour ago", NOW_S - 3600, NOW_NS},
	{"a day ago", NOW_S - DAY, NOW_NS},
	{"last week", NOW_S - 7 * DAY, NOW_NS},
	{"last hour", NOW_S - 3600, NOW_NS},
	{"1 month ago", NOW_S - 31 * DAY, NOW_NS},
	{"last month", NOW_S - 31 * DAY, NOW_NS},
	{"9 months ago", NOW_S - (30 + 31 + 31 + 30 + 31 + 30 + 31 + 28 + 31 + 0) * (int64_t)DAY, NOW_NS},
	{"a year ago", NOW_S - 365 * DAY, NOW_NS},
	{"1 year 1 month 1 day", NOW_S - (365 + 31 + 1) * DAY, NOW_NS},
	/* It is a Sunday. */
	{"sunday", TODAY_S, 0},
	{"last sunday", TODAY_S - 7 * DAY, 0},
	{"monday", TODAY_S - 6 * DAY, 0},
	{"last Monday", TODAY_S - 6 * DAY, 0},
	{"Sat", TODAY_S - DAY, 0},
	{"fri 9:30", TODAY_S - 2 * DAY + 9 * 3600 + 1800, 0},
	{"thursday noon", TODAY_S - 3 * DAY + 12 * 3600, 0},
	{"tomorrow", TODAY_S + DAY, 0},
	{"Yesterday 14:00", TODAY_S - DAY + 14 * 3600, 0},
	{"NOW", NOW_S, NOW_NS},
	/* Times of day. */
	{"1:00", TODAY_S + 3600, 0},
	{"9:30", TODAY_S + 9 * 3600 + 1800, 0},
	{"2pm", TODAY_S + 14 * 3600, 0},
	{"2:30 PM", TODAY_S + 14 * 3600 + 1800, 0},
	{"12am", TODAY_S, 0},
	{"12:15pm", TODAY_S + 12 * 3600 + 900, 0},
	{"noon", TODAY_S + 12 * 3600, 0},
	{"midnight", TODAY_S, 0},
	{"yesterday midnight", TODAY_S - DAY, 0},
	{"14:00 +02:00", TODAY_S + 12 * 3600, 0},
	/* As ls, date, and other programs have it. */
	{"Nov 22", TODAY_S, 0},
	{"22 nov", TODAY_S, 0},
	{"Nov 21 14:00", TODAY_S - DAY + 14 * 3600, 0},
	{"Nov 22 2026 14:00", TODAY_S + 14 * 3600, 0},
	{"november 22, 2025", TODAY_S - 365 * DAY, 0},
	{"Nov 23", TODAY_S - 364 * DAY, 0},
	{"Dec 31 23:59:59", INT64_C(1767225599), 0},
	{"feb 29", INT64_C(1709164800), 0},
	{"2026/11/22 14:00", TODAY_S + 14 * 3600, 0},
	{"2026-11-22T14:00:05+01", TODAY_S + 13 * 3600 + 5, 0},
	{"2026-11-22 14:00:05 UTC", TODAY_S + 14 * 3600 + 5, 0},
	{"2026-11-22t14:00:05z", TODAY_S + 14 * 3600 + 5, 0},
	{"2026-11-22T14:00:05,5Z", TODAY_S + 14 * 3600 + 5, 500000000},
	{"2026-11-22 9:00", TODAY_S + 9 * 3600, 0},
	{"2026-11-22_14:00:05.50000", TODAY_S + 14 * 3600 + 5, 500000000},
};

static const char *const refused[] = {
	"", " ", "soon", "1", "10", "m", "10x", "10m!", "1h 30", "--1h", "1 0m",
	"1ago", "5mago", "ago", "now!", "today!",
	"2026", "2026-11", "2026-11-", "2026-1-2", "2026-11-31", "2026-02-29",
	"2100-02-29", "2026-13-01", "2026-00-01", "2026-11-00", "26-11-22",
	"24:00", "14:60", "14:00:61", "001:00", "14:", "14:0", "14:00:",
	"14:00:00.", "14:00 pm", "2026-11-22  14:00", "2026-11-22X14:00",
	"2026-11-22 14:00+1", "2026-11-22 14:00+24:00", "2026-11-22 14:00+01:60",
	"2026-11-22 14:00ZZ", "2026-11-22 Z", "@", "@4000",
	"@400000003b4a39c23294b13", "@400000003b4a39c23294b13c0",
	"@400000003B4A39C23294B13C", "yesterday14:00x",
	"@4000000069", "@1700000000x", "@1700000000.", "@1700000000000", "@-1", "@.5",
	"@400000003b4a39c", "@400000003b4a39c23",
	"2 fortnights", "days ago", "a days", "an hour", "a", "last", "last 2 days",
	"ago 2 days", "2 days ago ago", "2 days before", "10m and", "10m,", "and 10m",
	"1.5 months", "99999 months", "1..5h", ".", "-", "- 1h", "1m ",
	"mond", "mo", "last yesterday", "monday monday", "lastmonday",
	"13pm", "0am", "2 p", "14", "noon noon", "9:5",
	"Nov", "Nov 31", "32 Nov", "Nov 0", "Novem 1", "Nov 22 20",
	"Feb 29 2025", "2026-11/22", "2026-11-22__14:00", "2026-11-22T",
	"2026-11-22 ", "2026-11-22 14:00+1:00", "2026-11-22 14:00 CET",
};
/* clang-format on */

static void what_is_understood(void **unused)
{
	(void)unused;
	set_zone("UTC");
	check(rows, sizeof(rows) / sizeof(rows[0]), false);
	check(rows, sizeof(rows) / sizeof(rows[0]), true);
	/* The zone has no say in UTC. */
	set_zone("XXX-05:30");
	check(rows, sizeof(rows) / sizeof(rows[0]), true);
}

static void what_is_refused(void **unused)
{
	(void)unused;
	set_zone("UTC");
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct timespec moment = {1, 2};

		if (!when_parse(refused[i], now, false, &moment))
			fail_msg("'%s' is taken for %lld", refused[i],
				 (long long)moment.tv_sec);
		assert_int_equal(moment.tv_sec, 1);
		assert_int_equal(moment.tv_nsec, 2);
	}
}

static void local_time_follows_the_zone(void **unused)
{
	static const struct row local[] = {
		{"2026-11-22 14:00", TODAY_S + 12 * 3600, 0},
		/* It is half past five there, so it is the same day. */
		{"today", TODAY_S - 2 * 3600, 0},
		{"2026-11-22 14:00Z", TODAY_S + 14 * 3600, 0},
	};
	static const struct row far[] = {
		/* The next day has begun. */
		{"today", TODAY_S + DAY - 12 * 3600, 0},
		{"yesterday 01:00", TODAY_S - 12 * 3600 + 3600, 0},
	};

	(void)unused;
	set_zone("XXX-2");
	check(local, sizeof(local) / sizeof(local[0]), false);
	set_zone("XXX-12");
	check(far, sizeof(far) / sizeof(far[0]), false);
}

/* In 2026, summer time begins on 29 March and ends on 25 October there. */
static void days_of_23_and_25_hours_begin_at_midnight(void **unused)
{
	struct timespec moment;
	const struct timespec spring = {1774821600, 0}; /* 29 March 22:00 UTC */
	const struct timespec autumn = {1792969200, 0}; /* 25 October 23:00 */

	(void)unused;
	set_zone("CET-1CEST,M3.5.0,M10.5.0/3");
	/* It is 0:00 on the 30th there. */
	assert_null(when_parse("yesterday", spring, false, &moment));
	assert_int_equal(spring.tv_sec - moment.tv_sec, 23 * 3600);
	/* And 0:00 on the 26th. */
	assert_null(when_parse("yesterday", autumn, false, &moment));
	assert_int_equal(autumn.tv_sec - moment.tv_sec, 25 * 3600);
}

/* What calendar.h shows, when.h reads, to the nanosecond. */
static void what_is_shown_can_be_typed(void **unused)
{
	static const char *const zones[] = {"UTC", "XXX-05:30", "XXX+11",
					    "EST5EDT,M3.2.0,M11.1.0"};
	uint32_t seed = 1;

	(void)unused;
	for (size_t zone = 0; zone < sizeof(zones) / sizeof(zones[0]); zone++) {
		struct calendar calendar = {.is_iso = true};

		set_zone(zones[zone]);
		for (int i = 0; i < 2000; i++) {
			char text[CALENDAR_SIZE + 1];
			struct timespec moment = {
				.tv_sec = (time_t)next_random(&seed) * 2,
				.tv_nsec = next_random(&seed) % 1000000000};
			struct timespec again;

			text[calendar_format(&calendar, moment, text)] = '\0';
			assert_null(when_parse(text, now, false, &again));
			assert_int_equal(again.tv_sec, moment.tv_sec);
			assert_int_equal(again.tv_nsec, moment.tv_nsec);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_understood),
		cmocka_unit_test(what_is_refused),
		cmocka_unit_test(local_time_follows_the_zone),
		cmocka_unit_test(days_of_23_and_25_hours_begin_at_midnight),
		cmocka_unit_test(what_is_shown_can_be_typed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
