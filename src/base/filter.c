/* filter.c -- see filter.h. */
#include <string.h>

#include "base/fd.h"
#include "base/filter.h"

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
	got = fd_read_some(filter->in_fd, filter->in, sizeof(filter->in));
	if (got == -1)
		filter->has_failed = true;
	filter->in_len = got > 0 ? (size_t)got : 0;
	return got > 0;
}

void filter_put(struct filter *filter, const void *bytes, size_t count)
{
	const char *rest = bytes;

	while (count > 0) {
		size_t n = sizeof(filter->out) - filter->out_len;

		if (n > count)
			n = count;
		memcpy(filter->out + filter->out_len, rest, n);
		filter->out_len += n;
		rest += n;
		count -= n;
		if (filter->out_len == sizeof(filter->out))
			flush(filter);
	}
}

int filter_finish(struct filter *filter)
{
	flush(filter);
	return filter->has_failed ? -1 : 0;
}
