/*
 * show.h -- lines as people, and programs, get to see them.
 *
 * Text is the line with its stamp turned into a date and time, every other
 * byte as it is; on a terminal, control characters but the tab are shown as
 * ^X, so that no log can give orders to it. JSON is an object a line. What is
 * put is written when the buffer is full and by show_flush().
 */
#ifndef READ_SHOW_H
#define READ_SHOW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/calendar.h"
#include "base/filter.h"
#include "read/json.h"
#include "read/stream.h"

/* Too large for a stack. */
struct show {
	bool is_json;
	bool is_terminal; /* in the end, behind a pager for instance */
	bool has_colour;
	bool has_names; /* each line of text says whose it is */
	size_t name_width;
	struct calendar calendar;
	struct json_text json;
	struct filter filter; /* only its output */
};

/* Clears `show` for output to `out_fd`, which stays the caller's; the settings
 * come after it. */
void show_open(struct show *show, int out_fd);

/* Begins a line of the service `name`, number `sequence` (for its colour). */
void show_begin(struct show *show, const char *name, size_t sequence,
		const struct stream_line *line);

/* More of its text. */
void show_more(struct show *show, const char *text, size_t len);

/* Ends it. */
void show_end(struct show *show);

/* 0, or -1 if writing has failed since the start. */
int show_flush(struct show *show);

#endif
