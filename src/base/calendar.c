/* calendar.c -- see calendar.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/calendar.h"

/*
 * TZ=EST5EDT names a zone that comes with the system. musl takes it for a rule
 * that forgot its dates, and shows summer time all year; after a colon, every
 * libc looks for a file first.
 */
static void prefer_named_zone(void)
{
	const char *zone = getenv("TZ");
	char path[128];
	char named[64];

	if (!zone || !strpbrk(zone, "0123456789") || strpbrk(zone, ":,<") ||
	    strlen(zone) > sizeof(named) - sizeof(":"))
		return;
	snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", zone);
	if (access(path, R_OK) == -1)
		return;
	snprintf(named, sizeof(named), ":%s", zone);
	setenv("TZ", named, true);
}

void calendar_init(void)
{
	prefer_named_zone();
	tzset(); /* localtime_r() need not */
}

/* "+0100" of strftime(3) becomes "+01:00"; UTC is "Z". */
static void format_zone(struct calendar *calendar, const struct tm *parts)
{
	char offset[16];

	calendar->zone_len = 0;
	if (!calendar->is_iso)
		return;
	if (calendar->is_utc ||
	    strftime(offset, sizeof(offset), "%z", parts) != 5)
		calendar->zone_len = (size_t)snprintf(
			calendar->zone_text, sizeof(calendar->zone_text), "Z");
	else
		calendar->zone_len = (size_t)snprintf(
			calendar->zone_text, sizeof(calendar->zone_text),
			"%.3s:%.2s", offset, offset + 3);
}

/* Prepares second_text for `second`; false if there is no such date. */
static bool format_second(struct calendar *calendar, time_t second)
{
	struct tm parts;
	int len;

	if (calendar->has_second && calendar->second == second)
		return true;
	if (!(calendar->is_utc ? gmtime_r(&second, &parts)
			       : localtime_r(&second, &parts)))
		return false;
	len = snprintf(calendar->second_text, sizeof(calendar->second_text),
		       "%ld-%02d-%02d%c%02d:%02d:%02d.", 1900L + parts.tm_year,
		       parts.tm_mon + 1, parts.tm_mday,
		       calendar->is_iso ? 'T' : ' ', parts.tm_hour,
		       parts.tm_min, parts.tm_sec);
	format_zone(calendar, &parts);
	calendar->has_second = true;
	calendar->second = second;
	calendar->second_len = (size_t)len;
	return true;
}

size_t calendar_format(struct calendar *calendar, struct timespec moment,
		       char out[CALENDAR_SIZE])
{
	uint32_t nanoseconds = (uint32_t)moment.tv_nsec;
	char digits[10];
	size_t start, len;

	if (!format_second(calendar, moment.tv_sec))
		return 0;
	/* Nine digits, or ten: four thousand million is no fraction. */
	for (start = 10; start > 1; nanoseconds /= 10)
		digits[--start] = (char)('0' + nanoseconds % 10);
	if (nanoseconds > 0)
		digits[--start] = (char)('0' + nanoseconds);
	/* Constant sizes, which compilers make into a few moves. */
	len = calendar->second_len;
	memcpy(out, calendar->second_text, sizeof(calendar->second_text));
	memcpy(out + len, digits + start, 9);
	out[len + 9] = digits[9];
	len += sizeof(digits) - start;
	if (calendar->zone_len > 0)
		memcpy(out + len, calendar->zone_text, calendar->zone_len);
	return len + calendar->zone_len;
}

int64_t calendar_days(int year, int month, int day)
{
	/* Years that begin in March have their odd day at the end. */
	int64_t y = year - (month <= 2);
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;

	return era * 146097 + year_of_era * 365 + year_of_era / 4 -
	       year_of_era / 100 + day_of_year - 719468;
}
