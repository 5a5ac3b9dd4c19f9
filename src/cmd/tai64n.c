/*
 * tai64n.c -- put the time in front of each line.
 *
 * The time is that of a line's first byte, so each line has its own; a line
 * passes as it comes, complete or not.
 */
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/filter.h"
#include "base/tai64n.h"

static void put_stamp(struct filter *filter)
{
	char stamp[TAI64N_LABEL_SIZE + 1];

	tai64n_format(tai64n_now(), stamp);
	stamp[TAI64N_LABEL_SIZE] = ' ';
	filter_put(filter, stamp, sizeof(stamp));
}

int main(void)
{
	static struct filter filter;
	bool is_line_start = true;

	filter.in_fd = STDIN_FILENO;
	filter.out_fd = STDOUT_FILENO;
	while (filter_read(&filter)) {
		const char *rest = filter.in, *end = rest + filter.in_len;

		while (rest < end) {
			size_t left = (size_t)(end - rest);
			const char *newline = memchr(rest, '\n', left);
			size_t len =
				newline ? (size_t)(newline + 1 - rest) : left;

			if (is_line_start)
				put_stamp(&filter);
			filter_put(&filter, rest, len);
			is_line_start = newline;
			rest += len;
		}
	}
	return filter_finish(&filter) == -1 ? EXIT_SYSTEM : 0;
}
