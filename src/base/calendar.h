/*
 * calendar.h -- moments as people write them: dates and times of day.
 *
 * The zone is TZ's, or UTC where is_utc says so. Years have as many digits as
 * they need, and the nanoseconds follow the second, so text sorts as time does
 * but in the hour that autumn repeats.
 */
#ifndef BASE_CALENDAR_H
#define BASE_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define CALENDAR_SIZE 96 /* bytes: more than any moment takes */

/*
 * Remembers the last second that was shown: lines of a log often share one.
 * Starts as all zeros but for the two settings.
 */
struct calendar {
	bool is_utc;
	bool is_iso; /* "2026-11-22T14:00:05.000000000+01:00", or with "Z" */
	bool has_second;
	time_t second;
	size_t second_len, zone_len;
	char second_text[64]; /* "YYYY-MM-DD HH:MM:SS." */
	char zone_text[8];    /* "+01:00"; is_iso only */
};

/* Makes TZ mean the same with every libc; once, before the first moment. */
void calendar_init(void);

/*
 * Writes `moment` as "YYYY-MM-DD HH:MM:SS.NNNNNNNNN", without a '\0'. Returns
 * the length; 0 for a second that no date can be given to. The fraction has
 * nine digits, or ten for what is none (tai64n_unpack() lets it pass).
 */
size_t calendar_format(struct calendar *calendar, struct timespec moment,
		       char out[CALENDAR_SIZE]);

/* Days from 1970-01-01 to a day of the Gregorian calendar; month and day count
 * from 1. */
int64_t calendar_days(int year, int month, int day);

#endif
