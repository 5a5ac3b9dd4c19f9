/*
 * options.h -- getopt(3) that speaks the same on every libc.
 */
#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

/*
 * As getopt(3) with `letters`, which must begin with "+:". Operands are never
 * permuted. For a bad option it says "NAME: illegal option -- X" or "NAME:
 * option requires an argument -- X", NAME being the last part of argv[0], and
 * returns '?'; the caller adds its usage line.
 * Source: the 0.76 specification, 1.3.
 */
int options_next(int argc, char *argv[], const char *letters);

struct option;

/*
 * The same for programs that also take long options, as getopt_long(3) does:
 * `words` ends with a row of zeros, and the val of each row is a letter of
 * `letters` or a number above those. "NAME: illegal option -- WORD" names one
 * that isn't there.
 */
int options_next_long(int argc, char *argv[], const char *letters,
		      const struct option *words);

#endif
