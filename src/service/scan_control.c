/* scan_control.c -- see scan_control.h. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "service/scan_control.h"
#include "service/state_place.h"

/* clang-format off */
static const struct scan_control controls[SCAN_COMMAND_COUNT] = {
	[SCAN_NOW]     = {'s', SCAN_NOW,     "scan"},
	[SCAN_STOP]    = {'t', SCAN_STOP,    "stop"},
	[SCAN_DETACH]  = {'d', SCAN_DETACH,  "detach"},
	[SCAN_UPGRADE] = {'u', SCAN_UPGRADE, "upgrade"},
	[SCAN_YIELD]   = {'y', SCAN_YIELD,   "yield"},
};
/* clang-format on */

const struct scan_control *scan_control_find(char letter)
{
	for (int i = 0; i < SCAN_COMMAND_COUNT; i++) {
		if (controls[i].letter == letter)
			return &controls[i];
	}
	return NULL;
}

/* A byte in anything but a FIFO would reach somebody else. */
static int open_fifo(int dir_fd)
{
	struct stat status;
	int fd = openat(dir_fd, SCAN_CONTROL,
			O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY |
				O_CLOEXEC);

	if (fd == -1 || (fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode)))
		return fd;
	close(fd);
	errno = ENXIO;
	return -1;
}

int scan_control_open(int dir_fd)
{
	return state_place_open(dir_fd, SCAN_DIR, open_fifo);
}

bool scan_control_send(const char *dir, enum scan_command command)
{
	int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd = dir_fd == -1 ? -1 : scan_control_open(dir_fd);
	bool is_sent = fd != -1 && write(fd, &controls[command].letter, 1) == 1;

	if (fd != -1)
		close(fd);
	if (dir_fd != -1)
		close(dir_fd);
	return is_sent;
}

bool scan_control_is_failure(int exit_code)
{
	return exit_code == EXIT_USAGE || exit_code == EXIT_SYSTEM;
}
