/*
 * reader.h -- the logs of several services as one.
 *
 * Lines come in the order of their stamps, each log's own lines in the order
 * in which they were written. While it follows, a log that is silent holds no
 * other up, so a line that is written late may come after one that is younger.
 */
#ifndef READ_READER_H
#define READ_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "read/show.h"
#include "read/stream.h"

struct reader_log {
	const char *name; /* borrowed: to show */
	char *path;       /* the log directory; the caller's */
};

/*
 * Shows the lines of `logs` that `rules` want, which the caller has complete;
 * it returns at their end, or when they are followed and nobody reads any
 * more. True when all was read and written; else it was said what wasn't,
 * except that nobody reads what is written: `show` knows that.
 */
bool reader_run(const struct reader_log *logs, size_t count,
		const struct stream_rules *rules, struct show *show);

#endif
