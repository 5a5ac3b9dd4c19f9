/*
 * multilog.h -- the logger: lines from an input, through a script, to files.
 *
 * What has been read is written before the next read can block, but for a
 * line whose end, and whose first LINE_LIMIT bytes, haven't all come: whether
 * it is wanted isn't known yet. Memory is bounded and got at start only; a
 * line may be of any length.
 */
#ifndef LOG_MULTILOG_H
#define LOG_MULTILOG_H

#include "log/script.h"

struct multilog;

/* Where its script comes from, at the start and when a reload is asked for. */
struct script_source {
	/*
	 * Makes a script, with as many directories each time, which
	 * script_free() ends in any case: 0, or -1 as script_parse().
	 */
	int (*read)(struct script *script, void *context);
	void *context;
};

/*
 * Prepares what the script asks for: status files first, then directories.
 * Then reads from `input_fd`,
 * which stays the caller's. NULL after saying what is wrong; directories
 * that were prepared by then are left unfinished.
 */
struct multilog *multilog_open(struct script_source source, int input_fd);

/*
 * Logs until the end of input, or until a stop is asked for (request.h) and
 * the line that has begun is complete. 0, or -1 after saying what is wrong;
 * then, too, all lines were saved that could be.
 */
int multilog_run(struct multilog *log);

/* Brings everything to disk and frees it: 0, or -1 after saying why not. */
int multilog_close(struct multilog *log);

#endif
