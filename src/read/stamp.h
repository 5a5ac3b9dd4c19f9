/*
 * stamp.h -- the moment that a line begins with.
 *
 * A stamp is a TAI64N label, '@' and exactly 24 lower-case hex digits, as
 * multilog, tai64n and svlogd -t write it and tai64nlocal takes it; or what
 * svlogd -tt and -ttt write, in UTC: YYYY-MM-DD_HH:MM:SS.NNNNN, or the same
 * with T. Other dates may be of any zone, and are text.
 * Source of the latter: the runit suite's svlogd(8).
 */
#ifndef READ_STAMP_H
#define READ_STAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#define STAMP_SIZE 25 /* bytes: of each of them */

/*
 * Returns how many of the `len` bytes of a line, or of its beginning, are its
 * stamp: STAMP_SIZE; or 0, and *moment as it was, when it has none.
 */
size_t stamp_parse(const char *line, size_t len, struct timespec *moment);

/* Whether a line may begin with a label, as far as `len` bytes show. */
bool stamp_may_begin(const char *line, size_t len);

#endif
