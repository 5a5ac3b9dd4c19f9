/* seek.c -- see seek.h. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "read/moment.h"
#include "read/seek.h"
#include "read/stamp.h"

#define PROBE_BYTES 4096

/* As pread(2), but going on after interruptions, and to the full count. */
static ssize_t read_at(int fd, char *out, size_t count, off_t offset)
{
	size_t done = 0;

	while (done < count) {
		ssize_t got = pread(fd, out + done, count - done,
				    offset + (off_t)done);

		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1)
			return -1;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

/* A stamped line; none where offset is -1. */
struct probe {
	off_t offset;
	struct timespec at;
};

/*
 * Finds the first stamped line in `block`, of which `is_start` tells whether
 * it is the beginning of a line. *used: the bytes that need no second look.
 */
static bool find_stamp(const char *block, size_t len, bool is_start,
		       bool is_last, struct probe *found, size_t *used)
{
	const char *at = block, *end = block + len;

	while (is_start || (at = memchr(at, '\n', (size_t)(end - at)))) {
		at += !is_start;
		is_start = false;
		*used = (size_t)(at - block);
		/* The byte after a stamp has a say, too. */
		if (!is_last && (size_t)(end - at) <= STAMP_SIZE)
			return false;
		if (stamp_parse(at, (size_t)(end - at), &found->at) > 0) {
			found->offset = at - block;
			return true;
		}
	}
	*used = len;
	return false;
}

/*
 * The first stamped line that begins in [from, to); `size` is that of the
 * file. 0, or -1 with errno.
 */
static int probe(int fd, off_t size, off_t from, off_t to, struct probe *found)
{
	char block[PROBE_BYTES];
	/* The byte before says whether a line begins here. */
	bool is_start = from == 0;
	off_t at = is_start ? 0 : from - 1;

	found->offset = -1;
	while (at < to) {
		off_t left = size - at;
		size_t want = left < PROBE_BYTES ? (size_t)left : PROBE_BYTES;
		ssize_t got = read_at(fd, block, want, at);
		bool is_last = got < PROBE_BYTES || at + got >= size;
		size_t used;

		if (got == -1)
			return -1;
		if (got == 0)
			return 0;
		if (find_stamp(block, (size_t)got, is_start, is_last, found,
			       &used)) {
			found->offset += at;
			if (found->offset >= to)
				found->offset = -1;
			return 0;
		}
		if (is_last)
			return 0;
		/* A line that begins near the end is looked at again. */
		is_start = used > 0 && block[used - 1] == '\n';
		at += (off_t)used;
	}
	return 0;
}

off_t seek_moment(int fd, off_t size, struct timespec since)
{
	off_t low = 0, high = size, best = size;
	struct probe first, found;

	if (probe(fd, size, 0, size, &first) == -1)
		return -1;
	if (first.offset == -1 || !moment_is_before(first.at, since))
		return 0;
	while (low < high) {
		off_t middle = low + (high - low) / 2;

		if (probe(fd, size, middle, high, &found) == -1)
			return -1;
		if (found.offset == -1) {
			high = middle;
		} else if (moment_is_before(found.at, since)) {
			low = found.offset + 1;
		} else {
			best = found.offset;
			high = middle;
		}
	}
	return best;
}
