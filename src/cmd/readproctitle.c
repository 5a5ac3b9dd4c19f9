/*
 * readproctitle.c -- show the end of the input in the process list.
 *
 * The last argument is overwritten where it lies, so that ps(1) shows it: three
 * dots, then the latest bytes.
 */
#include <string.h>

#include "base/diag.h"
#include "base/fd.h"
#include "base/program.h"
#include "base/title.h"

enum { DOTS = 3, SHORTEST_TITLE = 5 };

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
		title_append(title + DOTS, len - DOTS, block, (size_t)got);
	return got == 0 ? 0 : EXIT_SYSTEM;
}
