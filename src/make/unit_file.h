/*
 * unit_file.h -- what a unit file of systemd says, as it is written.
 *
 * Pure. What a line means is not known here: this is about sections, comments,
 * lines that go on, quotes, lengths of time and the like.
 * Source: systemd.syntax(7), systemd.service(5) on command lines,
 * systemd.time(7).
 */
#ifndef MAKE_UNIT_FILE_H
#define MAKE_UNIT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "make/list.h"

/* Starts as {.at = text, .end = text + len}; text[len] is '\0'. The text is
 * changed while it is read, and borrowed as long as lines are used. */
struct unit_reader {
	char *at, *end;
	unsigned number; /* of the last line that was read */
	const char *section;
};

struct unit_line {
	unsigned number;     /* where it begins, from 1 */
	const char *section; /* "" before the first one */
	const char *key;     /* NULL: neither a section nor KEY=VALUE */
	const char *value;   /* lines that go on are joined by a blank */
};

/* The next line that says something. False: there is none. */
bool unit_next(struct unit_reader *reader, struct unit_line *line);

/*
 * Adds the words of *text to `words`, with quotes and backslashes taken for
 * what they mean. With `is_command`, a lone ';' ends them: *text is then behind
 * it, and otherwise at the end. NULL, or static text on what is wrong.
 */
const char *unit_words(const char **text, bool is_command, struct list *words);

/* Lengths of time: "5min 20s", "1.5h", seconds without a unit; "infinity" is
 * -1. False: it is none. */
bool unit_span(const char *text, int64_t *span_ns);

/* "yes", "no", "on", "off", "true", "false", "1", "0", and first letters. */
bool unit_boolean(const char *text, bool *is_true);

/* Bytes: a number, and K, M, G, T, P or E behind it. */
bool unit_bytes(const char *text, uint64_t *bytes);

/* What a name stands for that "\xNN" was written in; cut to the room. False: it
 * doesn't fit, or has a '\0' in it. */
bool unit_unescape(const char *name, size_t len, bool has_slashes, char *out,
		   size_t size_bytes);

#endif
