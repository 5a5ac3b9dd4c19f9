/*
 * when.h -- moments as people type them: "10m", "yesterday 14:00", a date.
 *
 * Pure but for the zone that TZ sets. What isn't understood to its last
 * character is refused, never guessed at.
 */
#ifndef READ_WHEN_H
#define READ_WHEN_H

#include <stdbool.h>
#include <time.h>

/*
 * Reads one of
 *   @LABEL                       a TAI64N label
 *   now, today, yesterday        the latter two at 0:00, or with a time
 *   10m  1h30m  "2 d ago"        so long before `now` (span.h)
 *   14:00  14:00:05.5            today
 *   2026-11-22                   at 0:00
 *   2026-11-22 14:00[:05[.5]]    or with T between; Z or +01:00 may follow
 * in local time, or in UTC if `is_utc`. A date that doesn't exist is refused; a
 * time that daylight saving skips is taken as mktime(3) does. Returns NULL, or
 * static text on what is wrong; *moment is then as it was.
 */
const char *when_parse(const char *text, struct timespec now, bool is_utc,
		       struct timespec *moment);

#endif
