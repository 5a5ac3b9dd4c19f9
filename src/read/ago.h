/*
 * ago.h -- how long ago, in letters or in words: "1h30m", "2 days ago".
 *
 * Months and years are kept apart from the rest, as their length depends on
 * the day that they are counted from. Pure text: no clock and no zone.
 */
#ifndef READ_AGO_H
#define READ_AGO_H

#include <stdbool.h>
#include <stdint.h>

struct ago {
	int months;
	int64_t span_ns; /* besides the months; a century at most (span.h) */
};

/*
 * Reads all of `text`: numbers with units, from ms to w (span.h), or with the
 * words for them, from milliseconds to years; "a", "an" and "last" count one;
 * a '-' before or an "ago" behind say the same once more. False, and *ago as
 * it was, for any other text, lone numbers among it.
 */
bool ago_parse(const char *text, struct ago *ago);

#endif
