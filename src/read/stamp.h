/*
 * stamp.h -- the moment that a line begins with.
 *
 * A stamp is a TAI64N label: '@' and exactly 24 lower-case hex digits, as
 * multilog and tai64n write it and as tai64nlocal takes it. Anything else is
 * text.
 */
#ifndef READ_STAMP_H
#define READ_STAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/*
 * Returns how many of the `len` bytes of a line, or of its beginning, are its
 * stamp: 0, and *moment as it was, when it has none.
 */
size_t stamp_parse(const char *line, size_t len, struct timespec *moment);

/* Whether a line may begin with a stamp, as far as `len` bytes show. */
bool stamp_may_begin(const char *line, size_t len);

#endif
