/* day.c -- see day.h. */
#include <stddef.h>

#include "base/calendar.h"
#include "read/day.h"
#include "read/typed.h"

#define WEEK_DAYS   7
#define MONTH_COUNT 12

/* From the day of the week that 1970 began with. */
static const char *const weekdays[WEEK_DAYS] = {
	"thursday", "friday",  "saturday",  "sunday",
	"monday",   "tuesday", "wednesday",
};

static const char *const months[MONTH_COUNT] = {
	"january", "february", "march",     "april",   "may",      "june",
	"july",    "august",   "september", "october", "november", "december",
};

int64_t day_number(struct day day)
{
	return calendar_days(day.year, day.month, day.day);
}

static int days_of_month(int year, int month)
{
	int next = month == MONTH_COUNT ? 1 : month + 1;

	return (int)(calendar_days(year + (month == MONTH_COUNT), next, 1) -
		     calendar_days(year, month, 1));
}

struct day day_of_number(int64_t number)
{
	/* A guess that is a day early at most in centuries, then the rest. */
	struct day day = {.year = (int)(1970 + number / 366), .month = 1};

	while (calendar_days(day.year + 1, 1, 1) <= number)
		day.year++;
	while (calendar_days(day.year, 1, 1) > number)
		day.year--;
	while (day.month < MONTH_COUNT &&
	       calendar_days(day.year, day.month + 1, 1) <= number)
		day.month++;
	day.day = (int)(number - calendar_days(day.year, day.month, 1)) + 1;
	return day;
}

bool day_exists(struct day day)
{
	return day.month >= 1 && day.month <= MONTH_COUNT && day.day >= 1 &&
	       day.day <= days_of_month(day.year, day.month);
}

struct day day_before_months(struct day day, int count)
{
	int number = day.year * MONTH_COUNT + day.month - 1 - count;
	int most;

	day.year = number / MONTH_COUNT;
	day.month = number % MONTH_COUNT + 1;
	most = days_of_month(day.year, day.month);
	if (day.day > most)
		day.day = most;
	return day;
}

static bool take_numbers(const char **rest, struct day *day)
{
	const char *between = "-";

	if (!typed_take_number(rest, 4, 4, &day->year))
		return false;
	if (**rest == '/')
		between = "/";
	return typed_take(rest, between) &&
	       typed_take_number(rest, 2, 2, &day->month) &&
	       typed_take(rest, between) &&
	       typed_take_number(rest, 2, 2, &day->day);
}

static bool take_weekday(const char **rest, int64_t today, struct day *day)
{
	bool is_last = typed_take_word(rest, "last");
	int name, days_ago;

	if (is_last && !typed_take_spaces(rest))
		return false;
	name = typed_take_name(rest, weekdays, WEEK_DAYS);
	if (name == -1)
		return false;
	days_ago = (int)((today - name) % WEEK_DAYS);
	if (days_ago < 0)
		days_ago += WEEK_DAYS;
	if (is_last && days_ago == 0)
		days_ago = WEEK_DAYS;
	*day = day_of_number(today - days_ago);
	return true;
}

/* "Nov 22", "22 nov", with a year or not. */
static bool take_named(const char **rest, struct day today, struct day *day)
{
	bool is_day_first = typed_take_number(rest, 1, 2, &day->day);
	const char *before;

	if (is_day_first)
		typed_take_spaces(rest);
	day->month = typed_take_name(rest, months, MONTH_COUNT) + 1;
	if (day->month == 0)
		return false;
	if (!is_day_first && (!typed_take_spaces(rest) ||
			      !typed_take_number(rest, 1, 2, &day->day)))
		return false;
	before = *rest;
	typed_take(rest, ",");
	if (typed_take_spaces(rest) &&
	    typed_take_number(rest, 4, 4, &day->year))
		return true;
	*rest = before;
	day->year = today.year;
	/* The 29th of February may be years ago. */
	while (day->year > today.year - 8 &&
	       (!day_exists(*day) || day_number(*day) > day_number(today)))
		day->year--;
	return true;
}

bool day_take(const char **rest, struct day today, struct day *day)
{
	static const struct {
		const char *word;
		int days;
	} words[] = {{"today", 0}, {"yesterday", -1}, {"tomorrow", 1}};
	const char *start = *rest;
	int64_t number = day_number(today);

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (typed_take_word(rest, words[i].word)) {
			*day = day_of_number(number + words[i].days);
			return true;
		}
	}
	if (take_numbers(rest, day))
		return true;
	*rest = start;
	if (take_weekday(rest, number, day))
		return true;
	*rest = start;
	return take_named(rest, today, day);
}
