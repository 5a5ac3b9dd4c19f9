/*
 * json.h -- any bytes as the inside of a JSON string, and back.
 *
 * UTF-8 stays as it is; '"', '\' and control characters are escaped as RFC 8259
 * has it. A byte that isn't part of valid UTF-8 becomes \udc80 to \udcff, its
 * value plus 0xdc00. Valid UTF-8 never holds such a half of a surrogate pair,
 * so nothing is lost and nothing ambiguous; Python's "surrogateescape" is the
 * reverse.
 */
#ifndef READ_JSON_H
#define READ_JSON_H

#include <stddef.h>

/* A sequence that the bytes so far have only begun. Starts as all zeros. */
struct json_text {
	unsigned char held[4];
	size_t held_count;
};

/* The most that json_escape() writes for `count` bytes, and json_end(). */
#define JSON_ROOM(count) (6 * ((count) + 4))

/*
 * Writes the next `count` bytes of a text, escaped, to `out`, which has
 * JSON_ROOM(count); returns the length. Where pieces end makes no difference.
 */
size_t json_escape(struct json_text *text, const char *bytes, size_t count,
		   char *out);

/* The same for what was held back: the text has ended. */
size_t json_end(struct json_text *text, char *out);

#endif
