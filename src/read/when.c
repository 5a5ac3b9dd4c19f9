/* when.c -- see when.h. Each take_ function moves *rest past what it took. */
#include <stdint.h>
#include <string.h>

#include "base/span.h"
#include "base/tai64n.h"
#include "read/ago.h"
#include "read/day.h"
#include "read/typed.h"
#include "read/when.h"

#define DAY_S 86400

/* A label without nanoseconds. */
#define TAI64_LABEL_SIZE (TAI64N_LABEL_SIZE - 8)

/* What labels begin with, so that a label cut short isn't taken for seconds. */
static const char label_start[] = "@4000";

/* Seconds since 1970: until the year 33658. */
#define EPOCH_DIGITS 12

static const char not_understood[] =
	"not a time: try 10m, \"2 days ago\", yesterday, \"monday 9:30\", "
	"14:00, \"2026-11-22 14:00\", 2026-11-22T14:00:05+01:00, @1795356000, "
	"or a TAI64N label";
static const char not_a_label[] =
	"not a moment: behind @ there are seconds since 1970, or the 24 digits "
	"0-9a-f of a TAI64N label";
static const char out_of_range[] = "that is out of the calendar's range";

/* A date and a time of day, and the zone they are told in. */
struct parts {
	struct day day;
	int hour, minute, second;
	long nanosecond;
	bool has_offset;
	long offset_s; /* east of Greenwich */
};

static bool is_real(const struct parts *parts)
{
	return day_exists(parts->day) && parts->hour <= 23 &&
	       parts->minute <= 59 && parts->second <= 60;
}

static bool to_moment(const struct parts *parts, bool is_utc,
		      struct timespec *moment)
{
	struct tm local = {.tm_year = parts->day.year - 1900,
			   .tm_mon = parts->day.month - 1,
			   .tm_mday = parts->day.day,
			   .tm_hour = parts->hour,
			   .tm_min = parts->minute,
			   .tm_sec = parts->second,
			   .tm_isdst = -1};
	int64_t seconds;

	if (is_utc || parts->has_offset) {
		seconds = day_number(parts->day) * DAY_S + parts->hour * 3600L +
			  parts->minute * 60L + parts->second - parts->offset_s;
	} else {
		seconds = mktime(&local);
		if (seconds == -1)
			return false;
	}
	moment->tv_sec = (time_t)seconds;
	moment->tv_nsec = parts->nanosecond;
	return true;
}

static bool from_moment(struct timespec moment, bool is_utc,
			struct parts *parts)
{
	struct tm tm;

	if (!(is_utc ? gmtime_r(&moment.tv_sec, &tm)
		     : localtime_r(&moment.tv_sec, &tm)))
		return false;
	*parts = (struct parts){
		.day = {tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday},
		.hour = tm.tm_hour,
		.minute = tm.tm_min,
		.second = tm.tm_sec,
		.nanosecond = moment.tv_nsec};
	return true;
}

/* ".5", or ",5" as ISO 8601 also has it: up to nine digits. */
static bool take_fraction(const char **rest, long *nanosecond)
{
	long unit = 100000000;

	if (**rest != '.' && **rest != ',')
		return true;
	++*rest;
	if (!typed_is_digit(**rest))
		return false;
	for (; typed_is_digit(**rest); ++*rest, unit /= 10)
		*nanosecond += (**rest - '0') * unit;
	return true;
}

/* "am", "pm", or nothing, behind an hour; false for an hour without. */
static bool take_half(const char **rest, struct parts *parts, bool has_minutes)
{
	const char *before = *rest;
	int offset;

	typed_take_spaces(rest);
	if (typed_take_word(rest, "am")) {
		offset = 0;
	} else if (typed_take_word(rest, "pm")) {
		offset = 12;
	} else {
		*rest = before;
		return has_minutes;
	}
	if (parts->hour < 1 || parts->hour > 12)
		return false;
	parts->hour = parts->hour % 12 + offset;
	return true;
}

static bool take_time(const char **rest, struct parts *parts)
{
	bool has_minutes;

	if (typed_take_word(rest, "midnight"))
		return true;
	if (typed_take_word(rest, "noon")) {
		parts->hour = 12;
		return true;
	}
	if (!typed_take_number(rest, 1, 2, &parts->hour))
		return false;
	has_minutes = typed_take(rest, ":");
	if (has_minutes && !typed_take_number(rest, 2, 2, &parts->minute))
		return false;
	if (has_minutes && typed_take(rest, ":") &&
	    (!typed_take_number(rest, 2, 2, &parts->second) ||
	     !take_fraction(rest, &parts->nanosecond)))
		return false;
	return take_half(rest, parts, has_minutes);
}

/* The digits of an offset: "01:00", "0100", "01". */
static bool take_offset(const char **rest, int *hours, int *minutes)
{
	int both;

	*minutes = 0;
	if (typed_take_number(rest, 4, 4, &both)) {
		*hours = both / 100;
		*minutes = both % 100;
		return true;
	}
	return typed_take_number(rest, 2, 2, hours) &&
	       (!typed_take(rest, ":") ||
		typed_take_number(rest, 2, 2, minutes));
}

/* "Z", "UTC", "+01:00", "+0100", "+01", or nothing. */
static bool take_zone(const char **rest, struct parts *parts)
{
	int hours, minutes, sign = 1;

	typed_take_spaces(rest);
	if (**rest == '\0')
		return true;
	parts->has_offset = true;
	if (typed_take_word(rest, "z") || typed_take_word(rest, "utc") ||
	    typed_take_word(rest, "gmt"))
		return true;
	if (**rest == '-')
		sign = -1;
	else if (**rest != '+')
		return false;
	++*rest;
	if (!take_offset(rest, &hours, &minutes) || hours > 23 || minutes > 59)
		return false;
	parts->offset_s = sign * (hours * 3600L + minutes * 60L);
	return true;
}

/* What stands between a day and a time. Behind '_' times are in UTC. */
static bool take_gap(const char **rest, struct parts *parts)
{
	if (typed_take(rest, "_")) {
		parts->has_offset = true;
		return true;
	}
	return typed_take(rest, "T") || typed_take(rest, " ");
}

static const char *parse_date(const char *text, struct timespec now,
			      bool is_utc, struct timespec *moment)
{
	struct parts today, parts = {.hour = 0};
	const char *rest = text;

	if (!from_moment(now, is_utc, &today))
		return out_of_range;
	parts.day = today.day;
	if (!take_time(&rest, &parts) || !take_zone(&rest, &parts) ||
	    *rest != '\0') {
		rest = text;
		parts = (struct parts){.hour = 0};
		if (!day_take(&rest, today.day, &parts.day))
			return not_understood;
		if (*rest != '\0' &&
		    (!take_gap(&rest, &parts) || !take_time(&rest, &parts) ||
		     !take_zone(&rest, &parts) || *rest != '\0'))
			return not_understood;
	}
	if (!is_real(&parts))
		return "there is no such date or time of day";
	return to_moment(&parts, is_utc, moment) ? NULL : out_of_range;
}

static struct timespec before(struct timespec now, int64_t span_ns)
{
	now.tv_sec -= (time_t)(span_ns / SPAN_SECOND_NS);
	now.tv_nsec -= (long)(span_ns % SPAN_SECOND_NS);
	if (now.tv_nsec < 0) {
		now.tv_nsec += (long)SPAN_SECOND_NS;
		now.tv_sec--;
	}
	return now;
}

/* The months first: what is left is the same whatever day it is. */
static const char *go_back(const struct ago *ago, struct timespec now,
			   bool is_utc, struct timespec *moment)
{
	struct parts parts;

	if (ago->months > 0) {
		if (!from_moment(now, is_utc, &parts))
			return out_of_range;
		parts.day = day_before_months(parts.day, ago->months);
		if (!to_moment(&parts, is_utc, &now))
			return out_of_range;
	}
	*moment = before(now, ago->span_ns);
	return NULL;
}

/* What is behind an '@'. */
static const char *parse_label(const char *text, struct timespec *moment)
{
	char label[TAI64N_LABEL_SIZE];
	const char *rest = text + 1;
	size_t len = strlen(text);
	int64_t seconds = 0;
	long nanosecond = 0;

	if (len == TAI64N_LABEL_SIZE || len == TAI64_LABEL_SIZE) {
		memset(label, '0', sizeof(label));
		for (size_t i = 0; i < len; i++)
			label[i] = text[i];
		if (tai64n_parse(label, moment))
			return NULL;
	}
	for (; typed_is_digit(*rest) && rest - text <= EPOCH_DIGITS; rest++)
		seconds = seconds * 10 + (*rest - '0');
	if (rest == text + 1 ||
	    strncmp(text, label_start, strlen(label_start)) == 0 ||
	    !take_fraction(&rest, &nanosecond) || *rest != '\0')
		return not_a_label;
	*moment = (struct timespec){(time_t)seconds, nanosecond};
	return NULL;
}

const char *when_parse(const char *text, struct timespec now, bool is_utc,
		       struct timespec *moment)
{
	const char *rest = text;
	struct ago ago;

	if (text[0] == '@')
		return parse_label(text, moment);
	if (typed_take(&rest, "now") && *rest == '\0') {
		*moment = now;
		return NULL;
	}
	if (ago_parse(text, &ago))
		return go_back(&ago, now, is_utc, moment);
	return parse_date(text, now, is_utc, moment);
}
