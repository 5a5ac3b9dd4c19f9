/*
 * watch.h -- sleeping until a log directory changes.
 *
 * A change between watch_add() and watch_wait() is never missed: the wait then
 * ends at once. It may end without a change, too, so the caller looks again.
 * watch_linux.c is told by the kernel, and looks twice a second at what it
 * can't be told of; watch_portable.c always does so.
 */
#ifndef READ_WATCH_H
#define READ_WATCH_H

#include <stdbool.h>

#define WATCH_LOOK_MS 500

struct watch {
	int fd;       /* owned; -1 where the system doesn't tell */
	bool is_deaf; /* to some directory: look from time to time */
};

/* Cannot fail. */
void watch_open(struct watch *watch);

/* Names and contents in the directory `path` are watched from here on. */
void watch_add(struct watch *watch, const char *path);

/*
 * Waits. 0 when something may have changed; -1 when nobody reads any more what
 * is written to `out_fd`, a pipe or a terminal.
 */
int watch_wait(struct watch *watch, int out_fd);

void watch_close(struct watch *watch);

#endif
