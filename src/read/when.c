/* when.c -- see when.h. Each take_ function moves *rest past what it took. */
#include <stdint.h>
#include <string.h>

#include "base/calendar.h"
#include "base/span.h"
#include "base/strb.h"
#include "base/tai64n.h"
#include "read/when.h"

#define DAY_S 86400

/* Bytes: more than a sensible span takes. */
#define SPAN_SIZE 64

static const char not_understood[] =
	"not a time: try 10m, yesterday, 14:00, \"2026-11-22 14:00\"";

/* A date and a time of day, and the zone they are told in. */
struct parts {
	int year, month, day, hour, minute, second;
	long nanosecond;
	bool has_offset;
	long offset_s; /* east of Greenwich */
};

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

static bool take(const char **rest, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(*rest, word, len) != 0)
		return false;
	*rest += len;
	return true;
}

static void skip_spaces(const char **rest)
{
	*rest += strspn(*rest, " ");
}

/* A number of exactly `count` digits, up to nine. */
static bool take_digits(const char **rest, int count, int *number)
{
	*number = 0;
	for (int i = 0; i < count; i++) {
		if (!is_digit((*rest)[i]))
			return false;
		*number = *number * 10 + ((*rest)[i] - '0');
	}
	*rest += count;
	return true;
}

static int days_of_month(int year, int month)
{
	int next = month == 12 ? 1 : month + 1;

	return (int)(calendar_days(year + (month == 12), next, 1) -
		     calendar_days(year, month, 1));
}

static bool is_real(const struct parts *parts)
{
	return parts->month >= 1 && parts->month <= 12 && parts->day >= 1 &&
	       parts->day <= days_of_month(parts->year, parts->month) &&
	       parts->hour <= 23 && parts->minute <= 59 && parts->second <= 60;
}

static bool to_moment(const struct parts *parts, bool is_utc,
		      struct timespec *moment)
{
	struct tm local = {.tm_year = parts->year - 1900,
			   .tm_mon = parts->month - 1,
			   .tm_mday = parts->day,
			   .tm_hour = parts->hour,
			   .tm_min = parts->minute,
			   .tm_sec = parts->second,
			   .tm_isdst = -1};
	int64_t seconds;

	if (is_utc || parts->has_offset) {
		seconds = calendar_days(parts->year, parts->month, parts->day) *
				  DAY_S +
			  parts->hour * 3600L + parts->minute * 60L +
			  parts->second - parts->offset_s;
	} else {
		seconds = mktime(&local);
		if (seconds == -1)
			return false;
	}
	moment->tv_sec = (time_t)seconds;
	moment->tv_nsec = parts->nanosecond;
	return true;
}

/* The date that it is `days` after `now`. */
static bool date_of(struct timespec now, int days, bool is_utc,
		    struct parts *parts)
{
	struct tm tm;

	if (!(is_utc ? gmtime_r(&now.tv_sec, &tm)
		     : localtime_r(&now.tv_sec, &tm)))
		return false;
	/* At noon, so that a day of 23 or 25 hours is still a day. */
	tm.tm_hour = 12;
	tm.tm_mday += days;
	tm.tm_isdst = -1;
	if (mktime(&tm) == -1)
		return false;
	parts->year = tm.tm_year + 1900;
	parts->month = tm.tm_mon + 1;
	parts->day = tm.tm_mday;
	return true;
}

/* ".5": up to nine digits. */
static bool take_fraction(const char **rest, long *nanosecond)
{
	long unit = 100000000;

	if (**rest != '.')
		return true;
	++*rest;
	if (!is_digit(**rest))
		return false;
	for (; is_digit(**rest); ++*rest, unit /= 10)
		*nanosecond += (**rest - '0') * unit;
	return true;
}

static bool take_time(const char **rest, struct parts *parts)
{
	if (!take_digits(rest, 2, &parts->hour) || !take(rest, ":") ||
	    !take_digits(rest, 2, &parts->minute))
		return false;
	if (!take(rest, ":"))
		return true;
	return take_digits(rest, 2, &parts->second) &&
	       take_fraction(rest, &parts->nanosecond);
}

/* "Z", "+01:00", "+0100", or nothing. */
static bool take_zone(const char **rest, struct parts *parts)
{
	int hours, minutes, sign = 1;

	skip_spaces(rest);
	if (**rest == '\0')
		return true;
	parts->has_offset = true;
	if (take(rest, "Z"))
		return true;
	if (**rest == '-')
		sign = -1;
	else if (**rest != '+')
		return false;
	++*rest;
	if (!take_digits(rest, 2, &hours))
		return false;
	take(rest, ":");
	if (!take_digits(rest, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	parts->offset_s = sign * (hours * 3600L + minutes * 60L);
	return true;
}

/* "YYYY-MM-DD", "today", "yesterday", or, before a time, nothing. */
static bool take_date(const char **rest, struct timespec now, bool is_utc,
		      struct parts *parts)
{
	const char *start = *rest;

	if (take(rest, "today"))
		return date_of(now, 0, is_utc, parts);
	if (take(rest, "yesterday"))
		return date_of(now, -1, is_utc, parts);
	if (strlen(start) >= 3 && start[2] == ':')
		return date_of(now, 0, is_utc, parts);
	return take_digits(rest, 4, &parts->year) && take(rest, "-") &&
	       take_digits(rest, 2, &parts->month) && take(rest, "-") &&
	       take_digits(rest, 2, &parts->day);
}

static const char *parse_date(const char *text, struct timespec now,
			      bool is_utc, struct timespec *moment)
{
	struct parts parts = {.year = 0};
	const char *rest = text;

	if (!take_date(&rest, now, is_utc, &parts))
		return not_understood;
	if (*rest == 'T' || *rest == ' ')
		rest++;
	if (*rest != '\0' &&
	    (!take_time(&rest, &parts) || !take_zone(&rest, &parts)))
		return not_understood;
	if (*rest != '\0')
		return not_understood;
	if (!is_real(&parts))
		return "there is no such date or time of day";
	if (!to_moment(&parts, is_utc, moment))
		return "that is out of the calendar's range";
	return NULL;
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

/*
 * "1h 30m", "2 d ago": as span.h has it, with spaces where a number or a unit
 * ends. Lone numbers aren't spans here.
 */
static bool parse_span(const char *text, int64_t *span_ns)
{
	static const char ago[] = "ago";
	char room[SPAN_SIZE];
	struct strb tight = strb_on(room, sizeof(room));
	size_t len = strlen(text), ago_len = strlen(ago);

	if (len > ago_len && strcmp(text + len - ago_len, ago) == 0)
		len -= ago_len;
	while (len > 0 && text[len - 1] == ' ')
		len--;
	for (size_t i = 0; i < len; i++) {
		bool is_gap = i > 0 && text[i] == ' ' &&
			      is_digit(text[i - 1]) != is_digit(text[i + 1]);

		if (!is_gap)
			strb_add_bytes(&tight, text + i, 1);
	}
	return !tight.is_cut && span_parse(room, 0, span_ns);
}

const char *when_parse(const char *text, struct timespec now, bool is_utc,
		       struct timespec *moment)
{
	int64_t span_ns;

	if (text[0] == '@') {
		if (strlen(text) == TAI64N_LABEL_SIZE &&
		    tai64n_parse(text, moment))
			return NULL;
		return "not a label: those are @ and 24 digits of 0-9a-f";
	}
	if (strcmp(text, "now") == 0) {
		*moment = now;
		return NULL;
	}
	if (parse_span(text, &span_ns)) {
		*moment = before(now, span_ns);
		return NULL;
	}
	return parse_date(text, now, is_utc, moment);
}
