/*
 * tai64n.c -- put the time in front of each line.
 *
 * The time is that at which a line's first byte was read, so lines that came
 * in one read share one; a line passes as it comes, complete or not.
 */
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/filter.h"
#include "base/program.h"
#include "base/tai64n.h"

/* Adds what was read, with `stamp` where a line begins. */
static void put_block(struct filter *filter,
		      const char stamp[TAI64N_LABEL_SIZE + 1],
		      bool *is_line_start)
{
	const char *rest = filter->in, *end = rest + filter->in_len;

	while (rest < end) {
		if (*is_line_start) {
			memcpy(filter_room(filter, TAI64N_LABEL_SIZE + 1),
			       stamp, TAI64N_LABEL_SIZE + 1);
			filter_advance(filter, TAI64N_LABEL_SIZE + 1);
		}
		rest += filter_put_line(filter, rest, (size_t)(end - rest),
					is_line_start);
	}
}

int main(int argc, char *argv[])
{
	static struct filter filter;
	char stamp[TAI64N_LABEL_SIZE + 1];
	bool is_line_start = true;

	program_begin("tai64n", argc, argv);
	filter.in_fd = STDIN_FILENO;
	filter.out_fd = STDOUT_FILENO;
	stamp[TAI64N_LABEL_SIZE] = ' ';
	while (filter_read(&filter)) {
		tai64n_format(tai64n_now(), stamp);
		put_block(&filter, stamp, &is_line_start);
	}
	return filter_finish(&filter) == -1 ? EXIT_SYSTEM : 0;
}
