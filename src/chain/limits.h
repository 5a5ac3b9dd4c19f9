/*
 * limits.h -- the soft resource limits that a letter stands for.
 *
 * The hard limit is a ceiling, never an error, and stays as it is: but for
 * LIMIT_NONE, which needs it gone.
 */
#ifndef CHAIN_LIMITS_H
#define CHAIN_LIMITS_H

#include <stdint.h>

enum limit_kind {
	LIMIT_NUMBER,
	LIMIT_HARD, /* "=": as much as the hard limit allows */
	LIMIT_NONE, /* "-": neither a soft limit nor a hard one */
};

struct limit {
	enum limit_kind kind;
	uint64_t number; /* bytes, seconds or a count */
};

/*
 * Reads a number, "=" or "-"; empty text is 0. 0, or -1 with errno: EINVAL,
 * none of these; ERANGE, too large a number, which would wrap round to quite
 * another limit. Source: the 0.76 specification, 4.6; daemontools-encore,
 * softlimit(8), on "-".
 */
int limits_parse(const char *text, struct limit *limit);

/*
 * Sets all limits that `letter` (of softlimit(8)) stands for, or as many as the
 * system knows. NULL, or the name of the call that failed, with errno.
 */
const char *limits_set(char letter, const struct limit *limit);

#endif
