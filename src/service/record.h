/*
 * record.h -- structs as text: KEY=VALUE fields, each ended by one character.
 *
 * A table says which member each key is for; writing and reading share it. A
 * reader takes what it understands: unknown keys, broken values and repeated
 * separators change nothing, so a newer or damaged file is never fatal.
 */
#ifndef SERVICE_RECORD_H
#define SERVICE_RECORD_H

#include <stddef.h>

#include "base/strb.h"

enum record_type {
	RECORD_END,    /* ends the table */
	RECORD_NUMBER, /* int64_t */
	RECORD_FLAG,   /* bool: 0 or 1 */
	RECORD_TEXT,   /* char[size], '\0'-terminated; longer values: ignored */
};

struct record_field {
	enum record_type type;
	const char *key;
	size_t offset; /* of the member */
	size_t size;   /* of a RECORD_TEXT member */
};

/* Adds every field of `from`; `end` ends each. A control character in a text
 * is written as '?', so that it can't pass for a field of its own. */
void record_write(struct strb *text, const struct record_field *fields,
		  const void *from, char end);

/*
 * Sets the members of `to` whose keys stand in `text`, `len` bytes that end
 * early at a '\0'; the last value counts. Returns how many of the table's
 * fields, at most 64, were understood.
 */
unsigned record_read(const char *text, size_t len,
		     const struct record_field *fields, void *to, char end);

#endif
