/*
 * explain.h -- what the names in a service directory mean, in words.
 *
 * One text for each name that means something, whatever suite it is from; the
 * rules behind them are in doc/service-directory.md.
 */
#ifndef MAKE_EXPLAIN_H
#define MAKE_EXPLAIN_H

#include <stddef.h>

struct explanation {
	const char *file, *meaning; /* static */
};

/* The names one by one, from 0; NULL after the last. */
const struct explanation *explain_row(size_t index);

/* The row of a name; NULL: nothing reads a file that is called so. */
const struct explanation *explain_find(const char *file);

/* The name that `file` was probably meant to be; NULL: none. */
const char *explain_guess(const char *file);

#endif
