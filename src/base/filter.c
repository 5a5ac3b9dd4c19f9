/* filter.c -- see filter.h. */
#include <string.h>

#include "base/fd.h"
#include "base/filter.h"

/* Room for what a block becomes, mostly; a write of it is as good as two. */
#define FILTER_OUT (2 * FILTER_BLOCK)

static void flush(struct filter *filter)
{
	if (!filter->has_failed && filter->out_len > 0 &&
	    fd_write_all(filter->out_fd, filter->out, filter->out_len) == -1)
		filter->has_failed = true;
	filter->out_len = 0;
}

bool filter_read(struct filter *filter)
{
	long got;

	flush(filter);
	if (filter->has_failed)
		return false;
	got = fd_read_some(filter->in_fd, filter->in, FILTER_BLOCK);
	if (got == -1)
		filter->has_failed = true;
	filter->in_len = got > 0 ? (size_t)got : 0;
	return got > 0;
}

void filter_put(struct filter *filter, const void *bytes, size_t count)
{
	const char *rest = bytes;

	while (count > 0) {
		size_t n = FILTER_OUT - filter->out_len;

		if (n > count)
			n = count;
		memcpy(filter->out + filter->out_len, rest, n);
		filter->out_len += n;
		rest += n;
		count -= n;
		if (filter->out_len == FILTER_OUT)
			flush(filter);
	}
}

char *filter_room(struct filter *filter, size_t count)
{
	if (count > FILTER_OUT - filter->out_len)
		flush(filter);
	return filter->out + filter->out_len;
}

size_t filter_put_line(struct filter *filter, const char *text, size_t len,
		       bool *is_whole)
{
	size_t count = scan_copy(filter_room(filter, len), text, len);

	*is_whole = count <= len;
	if (!*is_whole)
		count = len;
	filter->out_len += count;
	return count;
}

int filter_finish(struct filter *filter)
{
	flush(filter);
	return filter->has_failed ? -1 : 0;
}
