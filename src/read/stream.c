/* stream.c -- see stream.h. */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/scan.h"
#include "read/moment.h"
#include "read/seek.h"
#include "read/stamp.h"
#include "read/stream.h"

/* Files that are opened before their turn, so that none is removed before. */
#define OPEN_AHEAD 16

/* The least that is looked at for the last lines. */
#define TAIL_BYTES 65536

/* A position: a file of the queue, and where in it. */
struct place {
	size_t index;
	off_t offset;
	bool is_inside; /* maybe of a line, which is then passed over */
};

static struct log_file *file_at(struct stream *stream)
{
	return &stream->queue.files.files[stream->position];
}

/* ---- files ---- */

/* Trouble with a file. `reason`: why; NULL is for errno's. */
static void say(struct stream *stream, const char *reason)
{
	if (stream->is_counting)
		return;
	stream->has_failed = true;
	diag_warn("unable to read %s/%s: %s", stream->queue.path,
		  file_at(stream)->name, reason ? reason : diag_reason(errno));
}

static void open_ahead(struct stream *stream)
{
	struct listing *files = &stream->queue.files;

	for (size_t i = stream->position;
	     i < files->count && i < stream->position + OPEN_AHEAD; i++)
		listing_open(stream->queue.dir_fd, &files->files[i]);
}

/* Opens the file at `offset`. False after saying what is wrong. */
static bool begin_file(struct stream *stream, off_t offset)
{
	struct log_file *file = file_at(stream);
	bool as_is = file->kind != LOG_OLD && !file->is_processed;

	open_ahead(stream);
	if (listing_open(stream->queue.dir_fd, file) == -1) {
		say(stream, errno == ENOENT ? "removed meanwhile" : NULL);
		return false;
	}
	if (source_open(&stream->source, file->fd, offset, as_is) == -1) {
		say(stream, stream->source.tool && errno == ENOENT
				    ? "its decompressor isn't installed"
				    : NULL);
		return false;
	}
	stream->is_open = true;
	stream->is_new_file = true;
	stream->has_stamp = false;
	return true;
}

static void end_file(struct stream *stream)
{
	const struct stream_rules *rules = stream->rules;
	const struct log_file *file = file_at(stream);

	if (stream->is_open && source_close(&stream->source, false) == -1)
		say(stream, "it is damaged or incomplete");
	stream->is_open = false;
	stream->was_cut = file->is_cut;
	if (file->kind == LOG_OLD) {
		if (moment_is_before(stream->line.order, file->end_at))
			stream->line.order = file->end_at;
		if (rules->has_until &&
		    !moment_is_before(file->end_at, rules->until))
			stream->has_ended = true;
	}
	if (stream->is_counting)
		stream->position++;
	else
		listing_drop(&stream->queue.files, 1);
}

/* Whether files have come. */
static bool look_again(struct stream *stream)
{
	size_t before = stream->queue.files.count;

	if (queue_refresh(&stream->queue,
			  stream->has_moment ? &stream->last_stamp : NULL) ==
	    -1) {
		if (!stream->has_failed)
			diag_warn_errno("unable to read %s",
					stream->queue.path);
		stream->has_failed = true;
		return false;
	}
	return stream->queue.files.count > before;
}

/* Whether there is something to go on with, `current` being at its end. */
static bool has_successor(struct stream *stream)
{
	struct log_file *file = file_at(stream);
	struct stat st;

	if (queue_has_moved_on(&stream->queue, file))
		return look_again(stream);
	/* Emptied by hand: what comes is new. */
	if (fstat(file->fd, &st) == 0 && st.st_size < stream->source.offset) {
		stream->source.offset = 0;
		stream->is_new_file = true;
		stream->was_cut = true;
		return true;
	}
	return false;
}

/* ---- bytes ---- */

/*
 * A line that its file doesn't end goes on in the next one, as multilog's
 * long lines do, unless an outage was its end, or a new stamp shows that.
 */
static void end_cut_line(struct stream *stream, size_t *count)
{
	char *bytes = stream->buffer + stream->end;

	stream->is_new_file = false;
	if (!stream->is_unended ||
	    (!stream->was_cut && !stamp_may_begin(bytes, *count)))
		return;
	memmove(bytes + 1, bytes, *count);
	bytes[0] = '\n';
	++*count;
}

static long read_some(struct stream *stream)
{
	const struct log_file *file = file_at(stream);
	size_t room = STREAM_BUFFER - stream->end, count;
	long got;

	/* What is written from now on isn't asked for. */
	if (file->kind == LOG_CURRENT && !stream->follows) {
		off_t left = file->size_bytes - stream->source.offset;

		if (left <= 0)
			return 0;
		if ((off_t)room > left)
			room = (size_t)left;
	}
	got = source_read(&stream->source, stream->buffer + stream->end, room);
	if (got <= 0)
		return got;
	count = (size_t)got;
	if (stream->is_new_file)
		end_cut_line(stream, &count);
	stream->end += count;
	stream->is_unended = stream->buffer[stream->end - 1] != '\n';
	return got;
}

/* Moves what isn't given yet to the beginning of the buffer. */
static void compact(struct stream *stream)
{
	size_t len = stream->end - stream->start;

	if (stream->start > 0 && len > 0)
		memmove(stream->buffer, stream->buffer + stream->start, len);
	stream->scanned -= stream->start;
	stream->start = 0;
	stream->end = len;
}

/*
 * Takes in more bytes, STREAM_PIECE, for which there must be room, going from
 * file to file. STREAM_WAIT and STREAM_END as stream_next().
 */
static enum stream_state take_in(struct stream *stream)
{
	struct listing *files = &stream->queue.files;

	compact(stream);
	while (!stream->has_ended) {
		bool is_last, is_live;
		long got;

		if (stream->position >= files->count) {
			if (!stream->follows)
				return STREAM_END;
			if (!look_again(stream))
				return STREAM_WAIT;
		}
		if (!stream->is_open && !begin_file(stream, 0)) {
			end_file(stream);
			continue;
		}
		/* Asked before reading: the end is the end only once another
		 * file is known to have followed. */
		is_last = stream->position + 1 == files->count;
		is_live = is_last && stream->follows &&
			  file_at(stream)->kind == LOG_CURRENT;
		got = read_some(stream);
		if (got > 0)
			return STREAM_PIECE;
		if (got == -1)
			say(stream, NULL);
		if (got == 0 && is_live) {
			if (!has_successor(stream))
				return STREAM_WAIT;
			continue;
		}
		end_file(stream);
	}
	return STREAM_END;
}

/* ---- lines ---- */

/* The line that begins at `start`: `len` bytes here, and a newline or not. */
static void set_line(struct stream *stream, size_t len, bool is_whole)
{
	struct stream_line *line = &stream->line;

	line->text = stream->buffer + stream->start;
	line->len = len;
	line->stamp_len = stamp_parse(line->text, len, &line->stamp);
	if (line->stamp_len > 0) {
		stream->has_stamp = true;
		stream->has_moment = true;
		stream->last_stamp = line->stamp;
		line->order = line->stamp;
	}
	stream->in_line = !is_whole;
	stream->start += len;
	if (is_whole && stream->start < stream->end)
		stream->start++; /* the newline */
	stream->scanned = stream->start;
}

/* STREAM_LINE for the next line, or its beginning; or as stream_next(). */
static enum stream_state find_line(struct stream *stream)
{
	for (;;) {
		size_t len = stream->end - stream->scanned;
		size_t found = scan_line(stream->buffer + stream->scanned, len);
		enum stream_state state;

		if (found <= len) {
			set_line(stream,
				 stream->scanned + found - 1 - stream->start,
				 true);
			return STREAM_LINE;
		}
		stream->scanned = stream->end;
		if (stream->end - stream->start >= STREAM_BUFFER) {
			set_line(stream, stream->end - stream->start, false);
			return STREAM_LINE;
		}
		state = take_in(stream);
		if (state == STREAM_WAIT)
			return state;
		if (state == STREAM_END) {
			if (stream->start == stream->end)
				return state;
			set_line(stream, stream->end - stream->start, true);
			return STREAM_LINE;
		}
	}
}

/*
 * Expressions take strings, so a line is seen as the parts between its null
 * bytes. What follows the line in the buffer is its newline, or room.
 */
static bool has_match(const struct stream *stream)
{
	const struct stream_line *line = &stream->line;
	char *text = (char *)stream->buffer + (line->text - stream->buffer);
	char *end = text + line->len;
	int flags = 0;

	text += line->stamp_len;
	if (line->stamp_len > 0 && text < end && *text == ' ')
		text++;
	*end = '\0';
	for (; text <= end; text += strlen(text) + 1, flags = REG_NOTBOL) {
		if (regexec(stream->rules->pattern, text, 0, NULL, flags) == 0)
			return true;
	}
	return false;
}

static bool is_wanted(struct stream *stream)
{
	const struct stream_rules *rules = stream->rules;

	if (rules->has_since && stream->has_stamp &&
	    moment_is_before(stream->last_stamp, rules->since))
		return false;
	if (rules->pattern && !has_match(stream))
		return false;
	if (stream->skip_count == 0)
		return true;
	stream->skip_count--;
	return false;
}

enum stream_state stream_more(struct stream *stream)
{
	struct stream_line *line = &stream->line;
	size_t len, found;

	if (!stream->in_line)
		return STREAM_DONE;
	if (stream->start == stream->end) {
		enum stream_state state = take_in(stream);

		if (state == STREAM_WAIT)
			return state;
		if (state == STREAM_END) {
			stream->in_line = false;
			return STREAM_DONE;
		}
	}
	len = stream->end - stream->start;
	found = scan_line(stream->buffer + stream->start, len);
	line->text = stream->buffer + stream->start;
	line->len = found <= len ? found - 1 : len;
	stream->in_line = found > len;
	stream->start += found <= len ? found : len;
	stream->scanned = stream->start;
	return line->len > 0 ? STREAM_PIECE : STREAM_DONE;
}

enum stream_state stream_next(struct stream *stream)
{
	const struct stream_rules *rules = stream->rules;

	for (;;) {
		enum stream_state state;

		while (stream->in_line) {
			if (stream_more(stream) == STREAM_WAIT)
				return STREAM_WAIT;
		}
		state = find_line(stream);
		if (state != STREAM_LINE)
			return state;
		if (rules->has_until && stream->has_stamp &&
		    !moment_is_before(stream->last_stamp, rules->until)) {
			stream->has_ended = true;
			stream->start = stream->scanned = stream->end;
			stream->in_line = false;
			return STREAM_END;
		}
		if (is_wanted(stream))
			return STREAM_LINE;
	}
}

/* ---- where to begin ---- */

/* Goes to a place of the queue, from which nothing has been dropped yet. */
static void go_to(struct stream *stream, struct place place)
{
	if (stream->is_open)
		source_close(&stream->source, true);
	stream->is_open = false;
	stream->has_ended = false;
	stream->has_moment = false;
	stream->position = place.index;
	stream->start = stream->scanned = stream->end = 0;
	stream->in_line = stream->is_unended = place.is_inside;
	stream->was_cut = false;
	stream->line = (struct stream_line){.len = 0};
	if (place.index > 0)
		stream->line.order =
			stream->queue.files.files[place.index - 1].end_at;
	if (place.index < stream->queue.files.count && place.offset > 0 &&
	    begin_file(stream, place.offset))
		stream->is_new_file = false;
}

/* The first line that isn't too early, or one before it. */
static struct place find_since(struct stream *stream)
{
	const struct stream_rules *rules = stream->rules;
	struct listing *files = &stream->queue.files;
	struct place place = {.index = 0};
	struct log_file *file;

	if (!rules->has_since)
		return place;
	while (place.index < files->count &&
	       files->files[place.index].kind == LOG_OLD &&
	       moment_is_before(files->files[place.index].end_at, rules->since))
		place.index++;
	if (place.index == files->count)
		return place;
	file = &files->files[place.index];
	if (listing_open(stream->queue.dir_fd, file) == 0 &&
	    !source_tool(file->fd)) {
		place.offset =
			seek_moment(file->fd, file->size_bytes, rules->since);
		if (place.offset == -1)
			place.offset = 0; /* reading it tells what is wrong */
	}
	return place;
}

/* A place about `distance` bytes before the end, not before `first`. */
static struct place go_back(struct stream *stream, struct place first,
			    off_t distance)
{
	struct listing *files = &stream->queue.files;
	struct place place = {.index = files->count};

	while (place.index > first.index) {
		struct log_file *file = &files->files[--place.index];

		if (file->size_bytes <= distance) {
			distance -= file->size_bytes;
			continue;
		}
		if (listing_open(stream->queue.dir_fd, file) == 0 &&
		    !source_tool(file->fd)) {
			place.offset = file->size_bytes - distance;
			place.is_inside = true;
		}
		break;
	}
	if (place.index == first.index && place.offset <= first.offset)
		return first;
	return place;
}

static uint64_t count_from(struct stream *stream, struct place place)
{
	uint64_t count = 0;

	go_to(stream, place);
	while (stream_next(stream) == STREAM_LINE)
		count++;
	return count;
}

/*
 * The place of the last lines. What is wanted is known only by looking, so
 * ever more is looked at until there are enough; where the lines before them
 * begin, is of no interest.
 */
static struct place find_tail(struct stream *stream, struct place first)
{
	uint64_t wanted = stream->rules->tail_count, count;
	struct place place;
	off_t distance = TAIL_BYTES;

	stream->is_counting = true;
	for (;; distance *= 8) {
		place = go_back(stream, first, distance);
		count = count_from(stream, place);
		if (count >= wanted || (place.index == first.index &&
					place.offset == first.offset))
			break;
	}
	stream->is_counting = false;
	stream->tail_count = count < wanted ? count : wanted;
	stream->skip_count = count - stream->tail_count;
	return place;
}

int stream_open(struct stream *stream, const char *path,
		const struct stream_rules *rules)
{
	struct place place;

	memset(stream, 0, offsetof(struct stream, buffer));
	stream->rules = rules;
	stream->queue.dir_fd = -1;
	if (queue_open(&stream->queue, path) == -1) {
		diag_warn_errno("unable to read %s", path);
		stream->has_failed = true;
		return -1;
	}
	place = find_since(stream);
	if (rules->has_tail)
		place = find_tail(stream, place);
	stream->follows = rules->follows;
	go_to(stream, place);
	listing_drop(&stream->queue.files, place.index);
	stream->position = 0;
	open_ahead(stream);
	return 0;
}

void stream_close(struct stream *stream)
{
	if (stream->is_open)
		source_close(&stream->source, true);
	stream->is_open = false;
	queue_close(&stream->queue);
}
