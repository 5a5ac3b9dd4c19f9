/* show.c -- see show.h. */
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/strb.h"
#include "read/show.h"

/* The most that isn't worth a call of memcpy(3). */
#define SHORT_BYTES 256

/* Bytes that are escaped at once. */
#define ESCAPE_BYTES 512

/* Readable on light and on dark: SGR codes, without black and white. */
static const char *const colours[] = {"36", "33", "32", "35", "34", "31"};
#define COLOUR_COUNT (sizeof(colours) / sizeof(colours[0]))

void show_open(struct show *show, int out_fd)
{
	memset(show, 0, offsetof(struct show, filter));
	show->filter.out_fd = out_fd;
	show->filter.in_fd = -1;
	show->filter.out_len = 0;
	show->filter.has_failed = false;
}

/*
 * Lines are put together from short pieces, and musl's memcpy(3) takes longer
 * to begin than to copy these: half of the time that a log took was spent so.
 * Each move is of a constant size; the last one overlaps the one before.
 */
static void put(struct show *show, const char *bytes, size_t len)
{
	char *out;

	if (len > SHORT_BYTES) {
		filter_put(&show->filter, bytes, len);
		return;
	}
	out = filter_room(&show->filter, len);
	filter_advance(&show->filter, len);
	if (len < sizeof(uint64_t)) {
		for (size_t at = 0; at < len; at++)
			out[at] = bytes[at];
		return;
	}
	for (size_t at = 0, last = len - sizeof(uint64_t);; at += 8) {
		at = at < last ? at : last;
		memcpy(out + at, bytes + at, sizeof(uint64_t));
		if (at == last)
			return;
	}
}

static void put_text(struct show *show, const char *text)
{
	put(show, text, strlen(text));
}

static void put_json(struct show *show, const char *text, size_t len)
{
	char room[JSON_ROOM(ESCAPE_BYTES)];

	while (len > 0) {
		size_t part = len < ESCAPE_BYTES ? len : ESCAPE_BYTES;

		put(show, room, json_escape(&show->json, text, part, room));
		text += part;
		len -= part;
	}
}

static void end_json(struct show *show)
{
	char room[JSON_ROOM(0)];

	put(show, room, json_end(&show->json, room));
}

/* Control characters as ^X; bytes that may be of a letter as they are. */
static void put_visible(struct show *show, const char *text, size_t len)
{
	const char *end = text + len, *plain = text;

	for (; text < end; text++) {
		unsigned char byte = (unsigned char)*text;
		char shown[2] = {'^', (char)(byte ^ 0x40)};

		if ((byte >= 0x20 && byte != 0x7f) || byte == '\t')
			continue;
		put(show, plain, (size_t)(text - plain));
		put(show, shown, sizeof(shown));
		plain = text + 1;
	}
	put(show, plain, (size_t)(end - plain));
}

static void put_name(struct show *show, const char *name, size_t sequence)
{
	size_t len = strlen(name);

	if (show->has_colour) {
		put_text(show, "\033[");
		put_text(show, colours[sequence % COLOUR_COUNT]);
		put_text(show, "m");
	}
	put_text(show, name);
	put_text(show, ":");
	if (show->has_colour)
		put_text(show, "\033[m");
	for (; show->is_terminal && len < show->name_width; len++)
		put_text(show, " ");
	put_text(show, " ");
}

static void begin_json(struct show *show, const char *name, const char *time,
		       size_t time_len)
{
	put_text(show, "{\"time\":");
	if (time_len > 0) {
		put_text(show, "\"");
		put(show, time, time_len);
		put_text(show, "\"");
	} else {
		put_text(show, "null");
	}
	put_text(show, ",\"service\":\"");
	put_json(show, name, strlen(name));
	end_json(show);
	put_text(show, "\",\"message\":\"");
}

void show_begin(struct show *show, const char *name, size_t sequence,
		const struct stream_line *line)
{
	const char *text = line->text;
	size_t len = line->len, time_len = 0;
	char time[CALENDAR_SIZE];

	if (line->stamp_len > 0)
		time_len = calendar_format(&show->calendar, line->stamp, time);
	/* A stamp for which there is no date is text like any other. */
	if (time_len > 0) {
		text += line->stamp_len;
		len -= line->stamp_len;
	}
	if (show->is_json) {
		begin_json(show, name, time, time_len);
		if (time_len > 0 && len > 0 && *text == ' ') {
			text++;
			len--;
		}
	} else {
		if (show->has_names)
			put_name(show, name, sequence);
		put(show, time, time_len);
	}
	show_more(show, text, len);
}

void show_more(struct show *show, const char *text, size_t len)
{
	if (show->is_json)
		put_json(show, text, len);
	else if (show->is_terminal)
		put_visible(show, text, len);
	else
		put(show, text, len);
}

void show_end(struct show *show)
{
	if (show->is_json) {
		end_json(show);
		put_text(show, "\"}");
	}
	put_text(show, "\n");
}

int show_flush(struct show *show)
{
	return filter_finish(&show->filter);
}
