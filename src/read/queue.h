/*
 * queue.h -- which files of a log directory are still to be read.
 *
 * Each file of the log is in the queue once. Names don't tell: what was taken
 * up as `current` is found again as `previous`, as @LABEL.s, or, having gone
 * through a processor, as another file. So a file without its last name is
 * kept open, for its identity can't be given to another then, until a file
 * with a label is known to be it.
 */
#ifndef READ_QUEUE_H
#define READ_QUEUE_H

#include <stdbool.h>
#include <time.h>

#include "read/listing.h"

struct queue {
	const char *path;       /* borrowed: for messages */
	int dir_fd;             /* owned */
	struct listing files;   /* to be read, in this order; the owner of
				 * the queue drops what it has read */
	struct listing known;   /* all that was there at the last look */
	struct listing pending; /* taken up before they got their labels */
};

/* Opens the directory and lists it. 0, or -1 with errno; then nothing is open,
 * and there is nothing to close. */
int queue_open(struct queue *queue, const char *path);

/*
 * Looks again, and adds what has come since. `last`: the latest stamp that was
 * read, or NULL; with it, a processed copy of what was read is told from a
 * file that was never seen. 0, or -1 with errno; then nothing has changed.
 */
int queue_refresh(struct queue *queue, const struct timespec *last);

/* Whether `current` is another file than `file` now, or isn't there. */
bool queue_has_moved_on(const struct queue *queue, const struct log_file *file);

void queue_close(struct queue *queue);

#endif
