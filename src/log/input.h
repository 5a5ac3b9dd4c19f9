/*
 * input.h -- where a logger's bytes come from.
 *
 * The only place that knows how bytes are got, and which of them may be
 * forgotten: what input_read() returned and input_release() didn't cover is
 * not safe in a log yet. Where the system allows it (peek.h) such bytes are
 * still in the pipe that is read, for the next reader if this one is killed.
 */
#ifndef LOG_INPUT_H
#define LOG_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "log/peek.h"

struct input {
	int fd; /* borrowed; blocking or not */
	bool is_peeking;
	struct peek peek; /* while is_peeking */
};

/* Begins to read from `fd`, which stays the caller's. Cannot fail. */
void input_open(struct input *input, int fd);

/*
 * Reads at most `size_bytes`, waiting until there is something. Returns the
 * count; 0 at the end; -1 with errno: EINTR when a request (request.h) waits
 * to be taken, otherwise what ppoll(2) or read(2) gave. Reads no more than
 * asked for, so that what is left stays there for the next reader.
 */
long input_read(struct input *input, void *out, size_t size_bytes);

/* The next `count` of the bytes read are in the logs. */
void input_release(struct input *input, size_t count);

/* Lets go of what input_open() got. What wasn't released may still be there. */
void input_close(struct input *input);

#endif
