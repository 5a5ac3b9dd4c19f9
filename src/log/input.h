/*
 * input.h -- where a logger's bytes come from.
 *
 * The only place that knows how bytes are got, and which of them may be
 * forgotten: what input_read() returned and input_release() didn't cover is
 * not safe in a log yet.
 */
#ifndef LOG_INPUT_H
#define LOG_INPUT_H

#include <stddef.h>

struct input {
	int fd; /* borrowed; blocking or not */
};

/*
 * Reads at most `size_bytes`, waiting until there is something. Returns the
 * count; 0 at the end; -1 with errno: EINTR when a request (request.h) waits
 * to be taken, otherwise what ppoll(2) or read(2) gave. Reads no more than
 * asked for, so that what is left stays there for the next reader.
 */
long input_read(struct input *input, void *out, size_t size_bytes);

/* The next `count` of the bytes read are in the logs. */
void input_release(struct input *input, size_t count);

#endif
