/*
 * readproctitle.c -- show the end of the input in the process list.
 *
 * The last argument is overwritten where it lies, so that ps(1) shows it: three
 * dots, then the latest bytes. NUL bytes are left out: they would end it.
 */
#include <string.h>

#include "base/diag.h"
#include "base/fd.h"
#include "base/program.h"

enum { DOTS = 3, SHORTEST_TITLE = 5 };

static size_t without_nuls(char *bytes, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (bytes[i] != '\0')
			bytes[kept++] = bytes[i];
	return kept;
}

/* Shifts `bytes` in at the right end of `window`. */
static void append(char *window, size_t window_len, const char *bytes,
		   size_t count)
{
	if (count > window_len) {
		bytes += count - window_len;
		count = window_len;
	}
	memmove(window, window + count, window_len - count);
	memcpy(window + window_len - count, bytes, count);
}

int main(int argc, char *argv[])
{
	char block[4096];
	char *title = argc < 2 ? "" : argv[argc - 1];
	size_t len = strlen(title);
	long got;

	program_begin("readproctitle", argc, argv);
	if (len < SHORTEST_TITLE)
		return EXIT_USAGE;
	memset(title, '.', len);
	while ((got = fd_read_some(0, block, sizeof(block))) > 0)
		append(title + DOTS, len - DOTS, block,
		       without_nuls(block, (size_t)got));
	return got == 0 ? 0 : EXIT_SYSTEM;
}
