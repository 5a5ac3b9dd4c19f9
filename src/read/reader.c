/* reader.c -- see reader.h. */
#include <stdlib.h>

#include "base/diag.h"
#include "read/heap.h"
#include "read/reader.h"
#include "read/watch.h"

/* Lines that are shown before the logs that had none are asked again. */
#define LINES_AT_ONCE 1000

/* One log: at each time in just one of these states. */
enum log_state {
	LOG_WAITS,    /* had nothing when asked */
	LOG_IS_NEXT,  /* its next line is in the heap */
	LOG_IS_SHOWN, /* its line has been begun, and isn't complete yet */
	LOG_HAS_ENDED,
};

struct reader {
	const struct reader_log *logs; /* borrowed */
	struct show *show;             /* borrowed */
	size_t count;
	struct stream **streams; /* owned, each */
	enum log_state *states;  /* owned */
	struct heap heap;        /* its items owned */
	size_t shown;            /* the log that LOG_IS_SHOWN; or count */
	uint64_t skip_count;     /* lines before the last ones of all */
	struct watch watch;
	bool follows, has_failed;
};

/* Asks a log for its next line. */
static void ask(struct reader *reader, size_t i)
{
	struct stream *stream = reader->streams[i];

	switch (stream_next(stream)) {
	case STREAM_LINE:
		reader->states[i] = LOG_IS_NEXT;
		heap_push(&reader->heap,
			  (struct heap_item){.at = stream->line.order,
					     .sequence = i});
		break;
	case STREAM_WAIT: reader->states[i] = LOG_WAITS; break;
	default: reader->states[i] = LOG_HAS_ENDED; break;
	}
}

static void ask_waiting(struct reader *reader)
{
	for (size_t i = 0; i < reader->count; i++) {
		if (reader->states[i] == LOG_WAITS)
			ask(reader, i);
	}
}

/* The rest of a long line; false if it isn't all there yet. */
static bool finish_line(struct reader *reader, size_t i)
{
	struct stream *stream = reader->streams[i];
	enum stream_state state;

	while ((state = stream_more(stream)) == STREAM_PIECE)
		show_more(reader->show, stream->line.text, stream->line.len);
	if (state == STREAM_WAIT) {
		reader->states[i] = LOG_IS_SHOWN;
		reader->shown = i;
		return false;
	}
	show_end(reader->show);
	reader->shown = reader->count;
	ask(reader, i);
	return true;
}

/* Shows what there is. Nothing comes between the parts of a line. */
static void show_lines(struct reader *reader)
{
	struct heap_item item;

	if (reader->shown < reader->count &&
	    !finish_line(reader, reader->shown))
		return;
	for (unsigned lines = 1; heap_pop(&reader->heap, &item); lines++) {
		size_t i = item.sequence;

		if (reader->skip_count > 0) {
			reader->skip_count--;
			ask(reader, i);
			continue;
		}
		show_begin(reader->show, reader->logs[i].name, i,
			   &reader->streams[i]->line);
		if (!finish_line(reader, i) || reader->show->filter.has_failed)
			return;
		if (lines % LINES_AT_ONCE == 0)
			ask_waiting(reader);
	}
}

static bool has_ended(const struct reader *reader)
{
	for (size_t i = 0; i < reader->count; i++) {
		if (reader->states[i] != LOG_HAS_ENDED)
			return false;
	}
	return true;
}

/* Of each log, the last lines were found; of all, only the last are shown. */
static void count_tails(struct reader *reader, const struct stream_rules *rules)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < reader->count; i++)
		sum += reader->streams[i]->tail_count;
	if (rules->has_tail && sum > rules->tail_count)
		reader->skip_count = sum - rules->tail_count;
}

static bool start(struct reader *reader, const struct stream_rules *rules)
{
	reader->streams = calloc(reader->count, sizeof(*reader->streams));
	reader->states = calloc(reader->count, sizeof(*reader->states));
	reader->heap.items = calloc(reader->count, sizeof(*reader->heap.items));
	if (!reader->streams || !reader->states || !reader->heap.items)
		return false;
	for (size_t i = 0; i < reader->count; i++) {
		reader->streams[i] = calloc(1, sizeof(struct stream));
		if (!reader->streams[i])
			return false;
		/* Subscribe, then look: nothing falls in between. */
		if (rules->follows)
			watch_add(&reader->watch, reader->logs[i].path);
		if (stream_open(reader->streams[i], reader->logs[i].path,
				rules) == -1)
			reader->states[i] = LOG_HAS_ENDED;
	}
	count_tails(reader, rules);
	return true;
}

static void stop(struct reader *reader)
{
	for (size_t i = 0; reader->streams && i < reader->count; i++) {
		if (!reader->streams[i])
			continue;
		if (reader->streams[i]->has_failed)
			reader->has_failed = true;
		stream_close(reader->streams[i]);
		free(reader->streams[i]);
	}
	free(reader->streams);
	free(reader->states);
	free(reader->heap.items);
	watch_close(&reader->watch);
}

bool reader_run(const struct reader_log *logs, size_t count,
		const struct stream_rules *rules, struct show *show)
{
	struct reader reader = {.logs = logs,
				.show = show,
				.count = count,
				.shown = count,
				.watch = {.fd = -1}};

	if (rules->follows)
		watch_open(&reader.watch);
	if (!start(&reader, rules)) {
		diag_warn("unable to read: out of memory");
		reader.has_failed = true;
		goto out;
	}
	for (;;) {
		ask_waiting(&reader);
		show_lines(&reader);
		if (show_flush(show) == -1 || has_ended(&reader))
			break;
		if (watch_wait(&reader.watch, show->filter.out_fd) == -1)
			break;
	}
out:
	stop(&reader);
	return !reader.has_failed;
}
