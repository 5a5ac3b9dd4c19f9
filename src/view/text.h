/*
 * text.h -- text on a terminal: how wide it is, and how to make it fit.
 *
 * Whatever bytes come, what goes out is valid UTF-8 without control characters:
 * those are shown as ^X, and what isn't UTF-8 as '?'. So no name and no log can
 * give orders to a terminal, and no letter is cut in two.
 */
#ifndef VIEW_TEXT_H
#define VIEW_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strb.h"

/* Columns that `text` takes when it is shown. */
size_t text_width(const char *text);

/*
 * Adds `text` as it is to be shown, in at most `columns`: of what is wider, the
 * beginning, and a mark that something is missing. Returns the columns taken.
 */
size_t text_add_shown(struct strb *out, const char *text, size_t columns);

/* The same, then blanks up to `columns`; or before it. */
void text_add_left(struct strb *out, const char *text, size_t columns);
void text_add_right(struct strb *out, const char *text, size_t columns);

/* Adds a span in at most two units: "4s", "2m10s", "3h5m", "12d3h". */
void text_add_span(struct strb *out, int64_t seconds);

/* The same of time that a processor spent: below a minute with tenths. */
void text_add_cpu(struct strb *out, int64_t milliseconds);

/* Adds a size in at most five columns: "512K", "1.2M", "34G". */
void text_add_bytes(struct strb *out, int64_t bytes);

/*
 * Adds words, one blank between, with a newline and `indent` blanks where a
 * line would get wider than `columns`. The first line has its indent already.
 */
void text_add_wrapped(struct strb *out, const char *text, size_t indent,
		      size_t columns);

#endif
