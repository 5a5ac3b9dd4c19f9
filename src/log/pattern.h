/*
 * pattern.h -- the patterns that select lines.
 *
 * A pattern matches a whole text, byte for byte; '*' is its only special
 * character. A star at the end matches any rest. Any other star skips to the
 * first place where the pattern's next character stands (that character may
 * be a star, and is then looked for as one) and never tries a later place.
 * So matching is linear in the text, and "*ab" doesn't match "aab".
 * Source: the 0.76 specification, 3.4.
 */
#ifndef LOG_PATTERN_H
#define LOG_PATTERN_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

/* What stands between two stars, or between a star and an end; may be empty. */
struct pattern_part {
	const char *text; /* borrowed from the pattern's source */
	size_t len;
};

/* Other suites' languages; those but the first have no parts. */
enum pattern_kind {
	PATTERN_CLASSIC,
	PATTERN_FNMATCH, /* of the shell; fnmatch(3) */
	PATTERN_REGEX,   /* extended; found anywhere. regcomp(3) */
	PATTERN_RUNIT,   /* a star as above; "+x" is one x or more. svlogd(8) */
};

struct pattern {
	enum pattern_kind kind;
	const char *source;         /* borrowed; not of PATTERN_CLASSIC */
	const regex_t *regex;       /* borrowed; of PATTERN_REGEX */
	struct pattern_part *parts; /* borrowed: the caller's room */
	size_t part_count;          /* one more than the stars; at least 1 */
};

/* The number of parts that `source` has. */
size_t pattern_count_parts(const char *source);

/*
 * Splits `source` into `room`, which has pattern_count_parts() elements. Both
 * must outlive the result.
 */
struct pattern pattern_compile(const char *source, struct pattern_part *room);

/*
 * Whether the pattern matches all of the `len` bytes at `text`. Those of
 * fnmatch(3) and regcomp(3) see no byte behind a '\0', nor the 1001st.
 */
bool pattern_matches(const struct pattern *pattern, const char *text,
		     size_t len);

#endif
