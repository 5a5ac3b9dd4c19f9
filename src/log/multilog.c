/*
 * multilog.c -- see multilog.h.
 *
 * Bytes become text: the same bytes, with stamps put in when the script wants
 * them. Without stamps they are read to where the text ends, with stamps to
 * `raw` and copied from there. Each line is judged once, in place, and from
 * then on its pieces are handed to the directories as pointers into the text.
 * At each flush the directories write what they were handed, and what is
 * left of the text, an unjudged piece of a line, moves to its beginning.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/memory.h"
#include "base/scan.h"
#include "base/strb.h"
#include "base/tai64n.h"
#include "log/input.h"
#include "log/line.h"
#include "log/logdir.h"
#include "log/multilog.h"
#include "log/request.h"
#include "log/script.h"
#include "log/status.h"

#define READ_SIZE  (256 * 1024)
#define STAMP_SIZE (TAI64N_LABEL_SIZE + 1) /* label and space */

/*
 * Lines whose ends are in different blocks of a read are in different chunks
 * (logdir.h): the original read a block at a time.
 */
#define BLOCK_SIZE 1024

/*
 * A read so large leaves the buffers with pages that only the next burst
 * needs. They are given back when the wait is over.
 */
#define BURST_BYTES   (16 * 1024)
#define BURST_REST_MS 1000

/* An unjudged piece, a read, and a newline at the end; more for stamps. */
#define TEXT_SIZE (LINE_LIMIT + 2 * READ_SIZE)

struct multilog {
	struct script script;
	struct status *statuses; /* script.status_count, opened_statuses open */
	struct logdir *dirs;     /* script.dir_count, opened_dirs open */
	bool *is_wanted; /* by dirs[i]: the line being judged or taken */
	size_t opened_statuses, opened_dirs;
	struct input input;
	int result; /* of the run so far */

	size_t text_len;
	size_t line_start;   /* in the text: of what isn't handed on */
	bool has_line;       /* a line has begun and not ended */
	bool is_judged;      /* ... and it is known who wants it */
	bool has_stamp;      /* `stamp` is of this read */
	size_t read_at;      /* in this read: behind what was taken */
	size_t block;        /* of BLOCK_SIZE: which one of this read */
	size_t taken_bytes;  /* of input, not yet released to it */
	size_t handed_bytes; /* of these, handed to the directories */
	bool is_stuck;       /* a directory gave up: nothing is released */
	int64_t rest_due_ms; /* request_now_ms() to give memory back; or 0 */
	char stamp[STAMP_SIZE];
	char *text; /* owned: TEXT_SIZE */
	char *raw;  /* owned: READ_SIZE; NULL if there are no stamps */
};

/* Shows a line on standard error; who doesn't listen isn't waited for. */
static void alert(const char *line, size_t len)
{
	char room[ALERT_LIMIT + sizeof("...\n")];
	struct strb text = strb_on(room, sizeof(room));

	strb_add_bytes(&text, line, len < ALERT_LIMIT ? len : ALERT_LIMIT);
	strb_add(&text, len > ALERT_LIMIT ? "...\n" : "\n");
	if (write(STDERR_FILENO, room, text.len) == -1)
		return;
}

/* Runs the actions on a line, or on as much of it as they may see. */
static void judge(struct multilog *log, const char *line, size_t len)
{
	const struct script *script = &log->script;
	bool is_selected = true;

	if (len > LINE_LIMIT)
		len = LINE_LIMIT;
	for (size_t i = 0; i < script->action_count; i++) {
		const struct action *action = &script->actions[i];

		switch (action->kind) {
		case ACTION_DESELECT:
		case ACTION_SELECT:
			if (is_selected == (action->kind == ACTION_DESELECT) &&
			    pattern_matches(&action->pattern, line, len))
				is_selected = !is_selected;
			break;
		case ACTION_ALERT:
			if (is_selected)
				alert(line, len);
			break;
		case ACTION_STATUS:
			if (is_selected)
				status_set(&log->statuses[action->index], line,
					   len);
			break;
		case ACTION_DIR:
			log->is_wanted[action->index] = is_selected;
			break;
		case ACTION_KIND_COUNT: break;
		}
	}
}

static void end_chunks(struct multilog *log)
{
	for (size_t i = 0; i < log->script.dir_count; i++)
		logdir_end_chunk(&log->dirs[i]);
}

/*
 * Takes note that the text now has `count` bytes more of the line, up to its
 * end (newline included) when `is_whole`. Judges the line as soon as that is
 * possible, and hands on what is judged.
 */
static void take_piece(struct multilog *log, size_t count, bool is_whole)
{
	const char *piece = log->text + log->line_start;
	size_t len, block;

	log->text_len += count;
	log->read_at += count;
	len = log->text_len - log->line_start;
	block = (log->read_at - 1) / BLOCK_SIZE;
	if (block != log->block) {
		log->block = block;
		end_chunks(log);
	}
	log->has_line = !is_whole;
	if (!log->is_judged) {
		if (!is_whole && len < LINE_LIMIT)
			return;
		judge(log, piece, is_whole ? len - 1 : len);
	}
	for (size_t i = 0; i < log->script.dir_count; i++) {
		if (log->is_wanted[i])
			logdir_put(&log->dirs[i], piece, len);
	}
	log->line_start = log->text_len;
	log->is_judged = !is_whole;
	log->handed_bytes = log->taken_bytes;
}

/* Bytes of input in the text that weren't handed on. */
static size_t held_input_bytes(const struct multilog *log)
{
	size_t len = log->text_len - log->line_start;

	return len > 0 && log->script.has_stamps ? len - STAMP_SIZE : len;
}

/* Writes all that was handed on, and makes room in the text. */
static void flush(struct multilog *log)
{
	size_t held_len = log->text_len - log->line_start;

	for (size_t i = 0; i < log->script.dir_count; i++) {
		logdir_flush(&log->dirs[i]);
		log->is_stuck = log->is_stuck || log->dirs[i].is_stuck;
	}
	for (size_t i = 0; i < log->script.status_count; i++) {
		if (status_flush(&log->statuses[i]) == -1)
			log->result = -1;
	}
	memmove(log->text, log->text + log->line_start, held_len);
	log->line_start = 0;
	log->text_len = held_len;
	if (!log->is_stuck) {
		size_t held_bytes = held_input_bytes(log);

		input_release(&log->input, log->taken_bytes - held_bytes);
		log->taken_bytes = held_bytes;
		log->handed_bytes = 0;
	}
}

/* The text must have room. */
static void add_stamp(struct multilog *log)
{
	if (!log->has_stamp) {
		tai64n_format(tai64n_now(), log->stamp);
		log->stamp[TAI64N_LABEL_SIZE] = ' ';
		log->has_stamp = true;
	}
	memcpy(log->text + log->text_len, log->stamp, STAMP_SIZE);
	log->text_len += STAMP_SIZE;
}

/* Splits bytes that were read to the end of the text. */
static void take_plain(struct multilog *log, size_t count)
{
	while (count > 0) {
		size_t len = scan_line(log->text + log->text_len, count);
		bool is_whole = len <= count;

		if (!is_whole)
			len = count;
		count -= len;
		log->taken_bytes += len;
		take_piece(log, len, is_whole);
	}
}

/* Copies bytes from `raw` to the text, with a stamp before each line. */
static void take_stamped(struct multilog *log, size_t count)
{
	const char *at = log->raw;

	while (count > 0) {
		bool is_whole;
		size_t len;

		/* From here on there is room for a stamp and the rest. */
		if (log->text_len > TEXT_SIZE - STAMP_SIZE - count)
			flush(log);
		if (!log->has_line)
			add_stamp(log);
		len = scan_copy(log->text + log->text_len, at, count);
		is_whole = len <= count;
		if (!is_whole)
			len = count;
		at += len;
		count -= len;
		log->taken_bytes += len;
		take_piece(log, len, is_whole);
	}
}

/* An unfinished last line gets its end. A flush came just before. */
static void take_end(struct multilog *log)
{
	if (!log->has_line)
		return;
	log->text[log->text_len] = '\n';
	take_piece(log, 1, true);
	flush(log);
}

/* Reads and logs once: as input_read(). */
static long take_some(struct multilog *log, size_t limit)
{
	bool has_stamps = log->script.has_stamps;
	char *room = has_stamps ? log->raw : log->text + log->text_len;
	long got = input_read(&log->input, room, limit);

	if (got <= 0)
		return got;
	if (got > BURST_BYTES && log->rest_due_ms == 0) {
		log->rest_due_ms = request_now_ms() + BURST_REST_MS;
		request_wake_at(log->rest_due_ms);
	}
	log->has_stamp = false;
	log->read_at = 0;
	log->block = 0;
	end_chunks(log);
	if (has_stamps)
		take_stamped(log, (size_t)got);
	else
		take_plain(log, (size_t)got);
	flush(log);
	return got;
}

static void rotate(struct multilog *log, int requests)
{
	for (size_t i = 0; i < log->script.dir_count; i++) {
		struct logdir *dir = &log->dirs[i];

		if (requests & REQUEST_ROTATE)
			logdir_rotate(dir);
		logdir_rotate_aged(dir);
		if (dir->due_ms != 0)
			request_wake_at(dir->due_ms);
	}
}

/* Under steady input it costs some page faults a second, which is nothing. */
static void rest(struct multilog *log)
{
	if (log->rest_due_ms == 0)
		return;
	if (request_now_ms() < log->rest_due_ms) {
		request_wake_at(log->rest_due_ms);
		return;
	}
	memory_give_back(log->text + log->text_len, TEXT_SIZE - log->text_len);
	if (log->raw)
		memory_give_back(log->raw, READ_SIZE);
	log->rest_due_ms = 0;
}

int multilog_run(struct multilog *log)
{
	bool is_stopping = false;

	/* Once stopping, byte by byte, so as to leave the next line unread. */
	while (!is_stopping || (log->has_line && !log->is_stuck)) {
		long got = take_some(log, is_stopping ? 1 : READ_SIZE);

		if (got == 0)
			break;
		if (got == -1 && errno != EINTR) {
			diag_fatal_errno("unable to read input");
			log->result = -1;
			break;
		}
		if (got == -1) {
			int requests = request_take();

			rotate(log, requests);
			rest(log);
			if (requests & REQUEST_STOP)
				is_stopping = true;
		}
	}
	take_end(log);
	return log->result;
}

/*
 * Releases early what is written, so that a logger that is killed amid a
 * rotation, or while a processor runs, repeats nothing.
 */
static void release_written(void *context)
{
	struct multilog *log = context;

	if (log->is_stuck || log->script.status_count > 0)
		return;
	for (size_t i = 0; i < log->opened_dirs; i++) {
		if (log->dirs[i].pending_bytes > 0)
			return;
	}
	input_release(&log->input, log->handed_bytes);
	log->taken_bytes -= log->handed_bytes;
	log->handed_bytes = 0;
}

/* Opens what the script names: 0, or -1 after saying what is wrong. */
static int open_outputs(struct multilog *log)
{
	const struct script *script = &log->script;

	while (log->opened_statuses < script->status_count) {
		size_t i = log->opened_statuses;

		if (status_open(&log->statuses[i], script->status_paths[i]) ==
		    -1)
			return -1;
		log->opened_statuses++;
	}
	while (log->opened_dirs < script->dir_count) {
		size_t i = log->opened_dirs;

		if (logdir_open(&log->dirs[i], &script->dirs[i]) == -1)
			return -1;
		log->dirs[i].before_rotation = release_written;
		log->dirs[i].context = log;
		log->opened_dirs++;
	}
	return 0;
}

static int allocate(struct multilog *log, char *const args[])
{
	const struct script *script = &log->script;

	if (script_parse(&log->script, args) == -1)
		return -1;
	log->text = memory_get(TEXT_SIZE + SCAN_SLACK);
	if (script->has_stamps)
		log->raw = memory_get(READ_SIZE + SCAN_SLACK);
	if (!log->text || (script->has_stamps && !log->raw))
		return -1;
	/* One more of each: calloc(0) may return NULL. */
	log->statuses =
		calloc(script->status_count + 1, sizeof(*log->statuses));
	log->dirs = calloc(script->dir_count + 1, sizeof(*log->dirs));
	log->is_wanted = calloc(script->dir_count + 1, sizeof(bool));
	return log->statuses && log->dirs && log->is_wanted ? 0 : -1;
}

/* What is left when the directories are closed. */
static void release(struct multilog *log)
{
	for (size_t i = 0; i < log->opened_statuses; i++)
		status_close(&log->statuses[i]);
	script_free(&log->script);
	free(log->statuses);
	free(log->dirs);
	input_close(&log->input);
	free(log->is_wanted);
	memory_free(log->text, TEXT_SIZE + SCAN_SLACK);
	memory_free(log->raw, READ_SIZE + SCAN_SLACK);
	free(log);
}

struct multilog *multilog_open(char *const args[], int input_fd)
{
	struct multilog *log = calloc(1, sizeof(*log));

	if (!log || allocate(log, args) == -1) {
		diag_fatal("out of memory");
		goto out;
	}
	input_open(&log->input, input_fd);
	if (open_outputs(log) == 0)
		return log;
	for (size_t i = 0; i < log->opened_dirs; i++)
		logdir_abandon(&log->dirs[i]);
out:
	if (log)
		release(log);
	return NULL;
}

int multilog_close(struct multilog *log)
{
	int result = 0;

	for (size_t i = 0; i < log->opened_dirs; i++) {
		if (logdir_close(&log->dirs[i]) == -1)
			result = -1;
	}
	release(log);
	return result;
}
