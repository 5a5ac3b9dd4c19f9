/*
 * strb.h -- text built in a buffer that the caller owns.
 *
 * data[len] is always '\0'. What doesn't fit is left out, and is_cut says so:
 * write on without checking, ask once at the end.
 * Start one with strb_on(), or as {.data = room, .size_bytes = sizeof(room)}
 * where room[0] is '\0'.
 */
#ifndef BASE_STRB_H
#define BASE_STRB_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"

struct strb {
	char *data;        /* borrowed */
	size_t size_bytes; /* of data, the '\0' included; at least 1 */
	size_t len;
	bool is_cut;
};

/* An empty text in `room`, which must outlive it. */
struct strb strb_on(char *room, size_t size_bytes);

void strb_add(struct strb *text, const char *more);
void strb_add_bytes(struct strb *text, const void *more, size_t count);
/* In decimal. */
void strb_add_number(struct strb *text, int64_t number);
/* Adds at most `most` bytes of what somebody wrote, "..." for the rest, and '?'
 * for control characters, so that a message stays one line. */
void strb_add_shown(struct strb *text, const char *more, size_t most);
/* As printf(3); a result that doesn't fit is cut like any other text. */
void strb_add_format(struct strb *text, const char *fmt, ...) PRINTF_LIKE(2, 3);
void strb_add_vformat(struct strb *text, const char *fmt, va_list args)
	PRINTF_LIKE(2, 0);

#endif
