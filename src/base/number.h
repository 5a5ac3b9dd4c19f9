/*
 * number.h -- numbers as people write them, and nothing else.
 *
 * A number is digits, all of the text, and within its bounds: blanks, suffixes
 * and what would wrap round are refused, so that a slip never means quite
 * another number.
 */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include <stdint.h>

/*
 * Reads a decimal number of at most `max`. 0, or -1 with errno: EINVAL, not a
 * number; ERANGE, too large. Then *number is as it was.
 */
int number_parse(const char *text, uint64_t max, uint64_t *number);

/* The same with an optional sign, from `min`, at most 0, to `max`. */
int number_parse_signed(const char *text, int64_t min, int64_t max,
			int64_t *number);

/* The same for an octal number, as modes are written. */
int number_parse_octal(const char *text, uint64_t max, uint64_t *number);

#endif
