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
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/fd.h"
#include "base/memory.h"
#include "base/scan.h"
#include "base/tai64n.h"
#include "log/input.h"
#include "log/line.h"
#include "log/logdir.h"
#include "log/mark.h"
#include "log/multilog.h"
#include "log/request.h"
#include "log/script.h"
#include "log/status.h"

#define READ_SIZE (256 * 1024)

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

/* A read, and a newline at the end; more for marks. Besides: an unjudged
 * piece of a line. */
#define TEXT_SIZE (2 * READ_SIZE)

struct multilog {
	struct script_source source;
	struct script script;
	struct status *statuses; /* script.status_count, opened_statuses open */
	struct logdir *dirs;     /* script.dir_count */
	bool *is_wanted; /* by dirs[i]: the line being judged or taken */
	size_t opened_statuses;
	struct input input;
	int result; /* of the run so far */

	size_t text_len;
	size_t line_start;   /* in the text: of what isn't handed on */
	bool has_line;       /* a line has begun and not ended */
	bool is_judged;      /* ... and it is known who wants it */
	bool has_mark;       /* `mark` is of this read */
	size_t mark_bytes;   /* the length of a mark */
	size_t read_at;      /* in this read: behind what was taken */
	size_t block;        /* of BLOCK_SIZE: which one of this read */
	size_t taken_bytes;  /* of input, not yet released to it */
	size_t handed_bytes; /* of these, handed to the directories */
	bool is_stuck;       /* a directory gave up: nothing is released */
	int64_t rest_due_ms; /* request_now_ms() to give memory back; or 0 */
	int udp_fd;          /* owned; -1 until there is something to send */
	bool has_told_udp;
	bool is_output_wanted; /* as is_wanted, of standard output */
	bool has_told_out;
	const char *out; /* in the text: for standard output */
	size_t out_len;
	char mark[MARK_SIZE];
	size_t text_bytes; /* of `text`, without SCAN_SLACK */
	char *text;        /* owned */
	char *raw; /* owned: READ_SIZE; NULL if lines stay as they are */
};

/*
 * The line as it is shown elsewhere: mark, prefix, and at most `limit` bytes
 * in all. Returns how many elements of `out` that takes.
 */
static int compose(const struct multilog *log, const char *prefix,
		   const char *line, size_t len, size_t limit,
		   struct iovec out[3])
{
	size_t mark_bytes = len < log->mark_bytes ? len : log->mark_bytes;
	const char *bytes[3] = {line, prefix ? prefix : "", line + mark_bytes};
	size_t counts[3] = {mark_bytes, strlen(bytes[1]), len - mark_bytes};

	for (int i = 0; i < 3; i++) {
		size_t count = counts[i] < limit ? counts[i] : limit;

		/* writev(2) doesn't write through the pointer. */
		out[i] = (struct iovec){(void *)bytes[i], count};
		limit -= count;
	}
	return 3;
}

/* Shows a line on standard error; who doesn't listen isn't waited for. */
static void alert(const struct multilog *log, const char *prefix,
		  const char *line, size_t len, bool is_cut)
{
	struct iovec parts[4];
	size_t limit = log->script.alert_limit;
	int count = compose(log, prefix, line, len, limit, parts);

	parts[count] = is_cut || len > limit
			       ? (struct iovec){(void *)"...\n", 4}
			       : (struct iovec){(void *)"\n", 1};
	if (writev(STDERR_FILENO, parts, count + 1) == -1)
		return;
}

/* Sends a line. UDP promises nothing, but a failure is told of, once. */
static void send_line(struct multilog *log, const struct action *action,
		      const char *line, size_t len)
{
	struct iovec parts[4];
	struct msghdr message = {
		.msg_name = &log->script.peers[action->index],
		.msg_namelen = sizeof(log->script.peers[0]),
		.msg_iov = parts,
	};
	int count = compose(log, action->prefix, line, len, SIZE_MAX, parts);

	parts[count++] = (struct iovec){(void *)"\n", 1};
	message.msg_iovlen = (size_t)count;
	if (log->udp_fd == -1)
		log->udp_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (log->udp_fd != -1 &&
	    sendmsg(log->udp_fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) != -1)
		return;
	if (!log->has_told_udp)
		diag_warn_errno("unable to send lines of %s by UDP",
				log->script.dirs[action->index].path);
	log->has_told_udp = true;
}

/* Bytes of a line that patterns don't see and limits don't count. */
static size_t hidden_bytes(const struct multilog *log)
{
	return log->script.is_mark_hidden ? log->mark_bytes : 0;
}

/* What patterns see of the `len` bytes at `line`. */
static bool matches(const struct multilog *log, const struct action *action,
		    const char *line, size_t len)
{
	size_t hidden = hidden_bytes(log);

	return pattern_matches(&action->pattern, line + hidden, len - hidden);
}

/* Runs the actions on a line, or on as much of it as they may see. */
static void judge(struct multilog *log, const char *line, size_t len)
{
	const struct script *script = &log->script;
	size_t limit = script->line_limit + hidden_bytes(log);
	bool is_cut = script->is_mark_hidden && len > limit;
	bool is_selected = true;

	if (len > limit)
		len = limit;
	for (size_t i = 0; i < script->action_count; i++) {
		const struct action *action = &script->actions[i];

		switch (action->kind) {
		case ACTION_DESELECT:
		case ACTION_SELECT:
			if (is_selected == (action->kind == ACTION_DESELECT) &&
			    matches(log, action, line, len))
				is_selected = !is_selected;
			break;
		case ACTION_OUTPUT: log->is_output_wanted = is_selected; break;
		case ACTION_BEGIN: is_selected = action->is_selected; break;
		case ACTION_ALERT:
			if (is_selected)
				alert(log, action->prefix, line, len, is_cut);
			break;
		case ACTION_SEND:
			if (is_selected)
				send_line(log, action, line, len);
			break;
		case ACTION_STATUS:
			if (is_selected)
				status_set(&log->statuses[action->index], line,
					   len);
			break;
		case ACTION_DIR:
			log->is_wanted[action->index] =
				is_selected && log->dirs[action->index].is_open;
			break;
		case ACTION_KIND_COUNT: break;
		}
	}
}

/* Hands a piece of a line to a directory. */
static void hand_on(struct multilog *log, struct logdir *dir, const char *piece,
		    size_t len)
{
	const char *prefix = dir->config.prefix;

	/* A line begins in its first piece, which has all of the mark. */
	if (prefix && !log->is_judged) {
		if (log->mark_bytes > 0)
			logdir_put(dir, piece, log->mark_bytes);
		logdir_put(dir, prefix, strlen(prefix));
		piece += log->mark_bytes;
		len -= log->mark_bytes;
	}
	logdir_put(dir, piece, len);
}

/* Writes what is for standard output; if that fails, it is lost. */
static void flush_out(struct multilog *log)
{
	if (log->out_len > 0 &&
	    fd_write_all(STDOUT_FILENO, log->out, log->out_len) == -1 &&
	    !log->has_told_out) {
		diag_warn_errno("unable to write output, lines are lost");
		log->has_told_out = true;
	}
	log->out_len = 0;
}

/* Notes a piece of the text, for one write of all that is in a row. */
static void put_out(struct multilog *log, const char *piece, size_t len)
{
	if (log->out_len > 0 && log->out + log->out_len != piece)
		flush_out(log);
	if (log->out_len == 0)
		log->out = piece;
	log->out_len += len;
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
		if (!is_whole &&
		    len < log->script.line_limit + hidden_bytes(log))
			return;
		judge(log, piece, is_whole ? len - 1 : len);
	}
	for (size_t i = 0; i < log->script.dir_count; i++) {
		if (log->is_wanted[i])
			hand_on(log, &log->dirs[i], piece, len);
	}
	if (log->is_output_wanted)
		put_out(log, piece, len);
	log->line_start = log->text_len;
	log->is_judged = !is_whole;
	log->handed_bytes = log->taken_bytes;
}

/* Bytes of input in the text that weren't handed on. */
static size_t held_input_bytes(const struct multilog *log)
{
	size_t len = log->text_len - log->line_start;

	return len > 0 ? len - log->mark_bytes : 0;
}

/* Writes all that was handed on, and makes room in the text. */
static void flush(struct multilog *log)
{
	size_t held_len = log->text_len - log->line_start;

	flush_out(log);
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
static void add_mark(struct multilog *log)
{
	if (!log->has_mark) {
		mark_format(log->script.mark, tai64n_now(), log->mark);
		log->has_mark = true;
	}
	/* A constant count: the copy is a few instructions. */
	memcpy(log->text + log->text_len, log->mark, MARK_SIZE);
	log->text_len += log->mark_bytes;
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

/* Lines end where they did: a newline stays one. */
static void replace(struct multilog *log, size_t count)
{
	const char *replaced = log->script.replaced;

	for (size_t i = 0; replaced && i < count; i++)
		log->raw[i] = replaced[(unsigned char)log->raw[i]];
}

/* Copies bytes from `raw` to the text, with a mark before each line. */
static void take_marked(struct multilog *log, size_t count)
{
	const char *at = log->raw;

	replace(log, count);
	while (count > 0) {
		bool is_whole;
		size_t len;

		/* From here on there is room for a mark and the rest. */
		if (log->text_len > log->text_bytes - MARK_SIZE - count)
			flush(log);
		if (!log->has_line)
			add_mark(log);
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
	char *room = log->raw ? log->raw : log->text + log->text_len;
	long got = input_read(&log->input, room, limit);

	if (got <= 0)
		return got;
	if (got > BURST_BYTES && log->rest_due_ms == 0) {
		log->rest_due_ms = request_now_ms() + BURST_REST_MS;
		request_wake_at(log->rest_due_ms);
	}
	log->has_mark = false;
	log->read_at = 0;
	log->block = 0;
	end_chunks(log);
	if (log->raw)
		take_marked(log, (size_t)got);
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
	memory_give_back(log->text + log->text_len,
			 log->text_bytes - log->text_len);
	if (log->raw)
		memory_give_back(log->raw, READ_SIZE);
	log->rest_due_ms = 0;
}

/* Whether a directory has written all of the text that was handed on before
 * the piece that is being handed on now. */
static bool has_written_handed(const struct multilog *log,
			       const struct logdir *dir)
{
	const char *handed_end = log->text + log->line_start;
	const char *pending = logdir_first_pending(dir);

	/* It may be elsewhere: of a prefix. */
	return !pending ||
	       ((uintptr_t)pending >= (uintptr_t)handed_end &&
		(uintptr_t)pending < (uintptr_t)(log->text + log->text_len));
}

/*
 * Releases early what is written, so that a logger that is killed amid a
 * rotation, or while a processor runs, repeats nothing, or one long line.
 */
static void release_written(void *context)
{
	struct multilog *log = context;

	if (log->is_stuck || log->script.status_count > 0 || log->out_len > 0)
		return;
	for (size_t i = 0; i < log->script.dir_count; i++) {
		if (!has_written_handed(log, &log->dirs[i]))
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
	size_t opened_count = 0;

	while (log->opened_statuses < script->status_count) {
		size_t i = log->opened_statuses;

		if (status_open(&log->statuses[i], script->status_paths[i]) ==
		    -1)
			return -1;
		log->opened_statuses++;
	}
	for (size_t i = 0; i < script->dir_count; i++) {
		struct logdir *dir = &log->dirs[i];

		if (logdir_open(dir, &script->dirs[i]) == -1) {
			if (!script->is_tolerant)
				return -1;
			continue;
		}
		dir->before_rotation = release_written;
		dir->context = log;
		opened_count++;
		if (script->told_as)
			diag_print("%s: info: append: %s/current",
				   script->told_as, script->dirs[i].path);
	}
	if (opened_count > 0 || !script->is_tolerant)
		return 0;
	diag_fatal("no functional log directories");
	return -1;
}

/* Reads the script, and gets room for the directories of it. */
static int read_script(struct multilog *log)
{
	const struct script *script = &log->script;

	if (log->source.read(&log->script, log->source.context) == -1)
		return -1;
	log->mark_bytes = mark_len(script->mark);
	/* One more of each: calloc(0) may return NULL. */
	log->statuses =
		calloc(script->status_count + 1, sizeof(*log->statuses));
	log->dirs = calloc(script->dir_count + 1, sizeof(*log->dirs));
	return log->statuses && log->dirs ? 0 : -1;
}

static int allocate(struct multilog *log)
{
	const struct script *script = &log->script;

	if (read_script(log) == -1)
		return -1;
	log->text_bytes = script->line_limit + TEXT_SIZE;
	log->text = memory_get(log->text_bytes + SCAN_SLACK + MARK_SIZE);
	if (script->mark != MARK_NONE || script->replaced)
		log->raw = memory_get(READ_SIZE + SCAN_SLACK);
	log->is_wanted = calloc(script->dir_count + 1, sizeof(bool));
	if (!log->text || !log->is_wanted)
		return -1;
	return log->raw || (script->mark == MARK_NONE && !script->replaced)
		       ? 0
		       : -1;
}

/* Frees what read_script() got. */
static void drop_script(struct multilog *log)
{
	for (size_t i = 0; i < log->opened_statuses; i++)
		status_close(&log->statuses[i]);
	log->opened_statuses = 0;
	free(log->statuses);
	free(log->dirs);
	log->statuses = NULL;
	log->dirs = NULL;
	script_free(&log->script);
}

/* What is left when the directories are closed. */
static void release(struct multilog *log)
{
	drop_script(log);
	input_close(&log->input);
	if (log->udp_fd != -1)
		close(log->udp_fd);
	free(log->is_wanted);
	memory_free(log->text, log->text_bytes + SCAN_SLACK + MARK_SIZE);
	memory_free(log->raw, READ_SIZE + SCAN_SLACK);
	free(log);
}

struct multilog *multilog_open(struct script_source source, int input_fd)
{
	struct multilog *log = calloc(1, sizeof(*log));

	if (!log) {
		diag_fatal("out of memory");
		return NULL;
	}
	log->source = source;
	log->udp_fd = -1;
	if (allocate(log) == -1) {
		if (errno != EINVAL) /* that has been told of */
			diag_fatal("out of memory");
		goto out;
	}
	if (open_outputs(log) == 0) {
		/* Last: one that may not write here leaves the input alone. */
		input_open(&log->input, input_fd);
		return log;
	}
	for (size_t i = 0; i < log->script.dir_count; i++) {
		if (log->dirs[i].is_open)
			logdir_abandon(&log->dirs[i]);
	}
out:
	release(log);
	return NULL;
}

/* Brings everything to disk: 0, or -1 after saying why not. */
static int close_dirs(struct multilog *log)
{
	int result = 0;

	for (size_t i = 0; i < log->script.dir_count; i++) {
		if (log->dirs[i].is_open && logdir_close(&log->dirs[i]) == -1)
			result = -1;
	}
	return result;
}

/*
 * Closes everything, and opens what the script says now: 0, or -1 after saying
 * what is wrong. A line that is half in a directory goes on there.
 */
static int reload(struct multilog *log)
{
	size_t dir_count = log->script.dir_count;

	if (close_dirs(log) == -1)
		log->result = -1;
	drop_script(log);
	log->is_stuck = false;
	if (read_script(log) == -1 || log->script.dir_count != dir_count) {
		diag_fatal("out of memory");
		return -1;
	}
	if (open_outputs(log) == -1)
		return -1;
	for (size_t i = 0; i < dir_count; i++)
		log->is_wanted[i] = log->is_wanted[i] && log->dirs[i].is_open;
	return 0;
}

int multilog_run(struct multilog *log)
{
	bool is_stopping = false;

	/* Once stopping, byte by byte, so as to leave the next line unread. */
	while (!is_stopping || (log->has_line && !log->is_stuck)) {
		long got = take_some(log, is_stopping ? 1 : READ_SIZE);
		int requests;

		if (got == 0)
			break;
		if (got == -1 && errno != EINTR) {
			diag_fatal_errno("unable to read input");
			log->result = -1;
			break;
		}
		if (got != -1)
			continue;
		requests = request_take();
		rotate(log, requests);
		rest(log);
		if (requests & REQUEST_STOP)
			is_stopping = true;
		if ((requests & REQUEST_RELOAD) && reload(log) == -1)
			return -1;
	}
	take_end(log);
	return log->result;
}

int multilog_close(struct multilog *log)
{
	int result = close_dirs(log);

	release(log);
	return result;
}
