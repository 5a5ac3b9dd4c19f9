/*
 * when.h -- moments as people type them: "10m", "yesterday 14:00", a date.
 *
 * Pure but for the zone that TZ sets. What isn't understood to its last
 * character is refused, never guessed at; upper and lower case are the same.
 */
#ifndef READ_WHEN_H
#define READ_WHEN_H

#include <stdbool.h>
#include <time.h>

/*
 * Reads one of
 *   @LABEL                     a TAI64N label, or a TAI64 one
 *   @1700000000[.5]            seconds since 1970
 *   now
 *   10m  "2 days ago"  ...     so long before `now` (ago.h)
 *   today  monday  2026-11-22  ... a day (day.h), at 0:00
 *   14:00  9:30:05.5  2pm  noon  midnight    today
 *   a day and such a time      with a space or T between; behind the time, Z,
 *                              UTC, +01:00, +0100 or +01 may follow
 *   2026-11-22_14:00:05.5      as svlogd(8) writes it: UTC
 * in local time, or in UTC if `is_utc`. A date that doesn't exist is refused; a
 * time that daylight saving skips is taken as mktime(3) does. Returns NULL, or
 * static text on what is wrong; *moment is then as it was.
 */
const char *when_parse(const char *text, struct timespec now, bool is_utc,
		       struct timespec *moment);

#endif
