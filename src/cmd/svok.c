/*
 * svok.c -- tell whether a service directory is supervised.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/program.h"
#include "service/state_place.h"
#include "service/supervise_dir.h"

/* "Not supervised" has the code of wrong use, as in 0.76: scripts know it. */
#define EXIT_NOT_SUPERVISED 100

static int open_ok(int dir_fd)
{
	return openat(dir_fd, SUPERVISE_OK, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
}

/* Where the directory can't hold it: errno as it was, if there it isn't, too.
 */
static int open_ok_elsewhere(void)
{
	int error = errno;
	int state_fd = state_place_find(AT_FDCWD, SUPERVISE_DIR);
	int fd = -1;

	if (state_fd != -1) {
		fd = open_ok(state_fd);
		error = errno;
		close(state_fd);
	} else if (errno == EACCES) {
		error = EACCES;
	}
	errno = error;
	return fd;
}

int main(int argc, char *argv[])
{
	int ok_fd;

	program_begin("svok", argc, argv);
	if (argc < 2)
		diag_usage(EXIT_USAGE, "dir");
	if (chdir(argv[1]) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to chdir to %s", argv[1]);
	ok_fd = open_ok(AT_FDCWD);
	if (ok_fd == -1 && (errno == ENOENT || errno == ENXIO))
		ok_fd = open_ok_elsewhere();
	if (ok_fd != -1) {
		close(ok_fd);
		return 0;
	}
	if (errno == ENOENT || errno == ENXIO)
		return EXIT_NOT_SUPERVISED;
	diag_die_errno(EXIT_SYSTEM, "unable to open %s/supervise/ok", argv[1]);
}
