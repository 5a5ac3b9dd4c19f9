/*
 * stream.h -- the lines of one log directory, oldest first, across its files.
 *
 * Each line is given once, whatever rotation does meanwhile: files are told
 * apart by what they are, not by their names, and what has no final name yet
 * is kept open until it gets one. A line that goes on in the next file is one
 * line. Memory doesn't depend on the length of lines or files: a line comes
 * as its beginning, up to STREAM_BUFFER bytes, then its rest in pieces.
 *
 * Trouble with a file is said once, naming it, and reading goes on behind it.
 */
#ifndef READ_STREAM_H
#define READ_STREAM_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "read/queue.h"
#include "read/source.h"

#define STREAM_BUFFER 65536 /* bytes of a line that are seen at once */
#define STREAM_SLACK  16    /* room behind them */

/* Which lines are wanted; shared by all streams, and borrowed. */
struct stream_rules {
	bool has_since, has_until;
	struct timespec since, until; /* since <= stamp < until */
	const regex_t *pattern;       /* NULL: any; without the stamp */
	bool follows;                 /* go on when all has been read */
	bool has_tail;
	uint64_t tail_count; /* has_tail: only so many lines, the last */
};

/* What there is to be had. */
enum stream_state {
	STREAM_LINE,  /* a line, in stream->line */
	STREAM_PIECE, /* more of it */
	STREAM_DONE,  /* no more of it */
	STREAM_WAIT,  /* nothing now: follows only */
	STREAM_END,   /* never anything again */
};

struct stream_line {
	const char *text; /* borrowed until the next call; no newline */
	size_t len;       /* bytes here */
	size_t stamp_len; /* of these, the stamp; 0 for none */
	struct timespec stamp;
	/* By which lines are merged: its stamp, or that of the one before. */
	struct timespec order;
};

struct stream {
	const struct stream_rules *rules;
	struct queue queue;
	struct source source; /* of the file at `position` */
	bool is_open;         /* source */
	size_t position;      /* in the queue: the file that is read */
	bool follows;
	bool is_counting; /* a first pass, for its number of lines: nothing
			   * is said, and the queue stays */
	bool has_failed;  /* not all could be read */
	bool has_ended;

	struct stream_line line;
	uint64_t skip_count; /* lines that are wanted, to be passed over */
	uint64_t tail_count; /* lines behind them; has_tail only */
	bool has_stamp;      /* in this file so far: last_stamp is of it */
	bool has_moment;     /* last_stamp is known */
	struct timespec last_stamp;
	bool in_line;     /* the beginning was given, not the end */
	bool is_unended;  /* the last byte taken in wasn't a newline */
	bool was_cut;     /* ... and its line doesn't go on */
	bool is_new_file; /* nothing has been taken in from it yet */
	size_t start, scanned, end; /* in buffer: a line; seen; taken in */
	char buffer[STREAM_BUFFER + STREAM_SLACK];
};

/*
 * Opens the directory `path`, lists it and finds the first line wanted. 0, or
 * -1 after saying what is wrong; either way stream_close() ends it. Subscribe
 * to changes (watch.h) before, and none is missed. `stream` is large.
 */
int stream_open(struct stream *stream, const char *path,
		const struct stream_rules *rules);

/* The next line that is wanted: STREAM_LINE, STREAM_WAIT or STREAM_END. What
 * is left of the one before is passed over. */
enum stream_state stream_next(struct stream *stream);

/*
 * More of the current line: STREAM_PIECE with it in line.text and line.len,
 * STREAM_DONE when it has ended, or STREAM_WAIT.
 */
enum stream_state stream_more(struct stream *stream);

void stream_close(struct stream *stream);

#endif
