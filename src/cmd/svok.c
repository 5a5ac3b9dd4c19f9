/*
 * svok.c -- tell whether a service directory is supervised.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/program.h"

/* "Not supervised" has the code of wrong use, as in 0.76: scripts know it. */
#define EXIT_NOT_SUPERVISED 100

int main(int argc, char *argv[])
{
	int ok_fd;

	program_begin("svok", argc, argv);
	if (argc < 2)
		diag_usage(EXIT_USAGE, "dir");
	if (chdir(argv[1]) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to chdir to %s", argv[1]);
	ok_fd = open("supervise/ok", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (ok_fd != -1) {
		close(ok_fd);
		return 0;
	}
	if (errno == ENOENT || errno == ENXIO)
		return EXIT_NOT_SUPERVISED;
	diag_die_errno(EXIT_SYSTEM, "unable to open %s/supervise/ok", argv[1]);
}
