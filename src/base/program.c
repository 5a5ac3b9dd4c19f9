/* program.c -- see program.h. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/fd.h"
#include "base/program.h"
#include "base/strb.h"

void program_begin(const char *name, int argc, char *argv[])
{
	char room[80];
	struct strb line = strb_on(room, sizeof(room));

	diag_set_program(name);
	if (argc != 2 || strcmp(argv[1], "--version") != 0)
		return;
	strb_add_format(&line, "%s (Holdfast) %s\n", name, HOLDFAST_VERSION);
	if (fd_write_all(STDOUT_FILENO, line.data, line.len) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to write output");
	exit(0);
}
