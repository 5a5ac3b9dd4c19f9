/*
 * filter.h -- copying one descriptor to another, changed on the way.
 *
 * Both directions go through large buffers, yet nothing is delayed: whatever
 * was put is written before the next read, so no byte waits for a later one
 * unless the program itself holds it back.
 * A failure is remembered: putting goes on without effect, reading ends.
 */
#ifndef BASE_FILTER_H
#define BASE_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/scan.h"

#define FILTER_BLOCK 65536 /* bytes: what a Linux pipe holds by default */

/*
 * Too large for a stack. Starts as all zeros but for in_fd and out_fd; those
 * are set by statements, as an initialiser would put 192 KiB into the program.
 */
struct filter {
	int in_fd, out_fd; /* borrowed */
	bool has_failed;
	size_t in_len; /* bytes of in[] that filter_read() got */
	size_t out_len;
	char in[FILTER_BLOCK + SCAN_SLACK];
	char out[2 * FILTER_BLOCK + SCAN_SLACK];
};

/*
 * Writes what was put, then reads the next block into in[]. False at the end of
 * the input, and after a failure to read or write.
 */
bool filter_read(struct filter *filter);

/*
 * Where the next bytes of output go: room for `count`, at most FILTER_BLOCK.
 * What is put there is added by filter_advance().
 */
char *filter_room(struct filter *filter, size_t count);

static inline void filter_advance(struct filter *filter, size_t count)
{
	filter->out_len += count;
}

/* Adds `count` bytes to the output. */
void filter_put(struct filter *filter, const void *bytes, size_t count);

/*
 * Adds the first line of the `len` bytes at `text`, which are in in[]; all of
 * them if there is no newline. Returns how many it added, and whether a
 * newline ended them.
 */
size_t filter_put_line(struct filter *filter, const char *text, size_t len,
		       bool *is_whole);

/* Writes what was put. 0, or -1 if anything has failed since the start. */
int filter_finish(struct filter *filter);

#endif
