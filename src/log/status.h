/*
 * status.h -- files that hold the latest line of some kind ("=FILE").
 *
 * The first 1001 bytes of such a file are the line, cut to 1000 bytes and
 * filled up with newlines. It is overwritten in place: neither truncated,
 * synced nor replaced. Source: the 0.76 specification, 3.6.
 */
#ifndef LOG_STATUS_H
#define LOG_STATUS_H

#include <stddef.h>

struct status {
	const char *path; /* borrowed */
	int fd;           /* owned */
	const char *line; /* borrowed; NULL when the file is up to date */
	size_t len;
};

/*
 * Opens, and creates if need be, the file. 0, or -1 after saying what is
 * wrong; then nothing is left open.
 */
int status_open(struct status *status, const char *path);

/*
 * Makes `line` the one that the next status_flush() writes; later ones
 * replace earlier ones. It must stay where it is until then.
 */
static inline void status_set(struct status *status, const char *line,
			      size_t len)
{
	status->line = line;
	status->len = len;
}

/*
 * Writes the line, trying until it succeeds or a stop is asked for: 0, or -1
 * when it gave up. Nothing happens when no line was set.
 */
int status_flush(struct status *status);

void status_close(struct status *status);

#endif
