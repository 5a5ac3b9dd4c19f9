/* scan_control.c -- see scan_control.h. */
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/strb.h"
#include "service/scan_control.h"

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

bool scan_control_send(const char *dir, enum scan_command command)
{
	char room[PATH_MAX];
	struct strb path = strb_on(room, sizeof(room));
	struct stat status;
	bool is_sent;
	int fd;

	strb_add_format(&path, "%s/%s", dir, SCAN_CONTROL);
	if (path.is_cut)
		return false;
	fd = open(room, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return false;
	/* A byte in anything else would reach somebody else. */
	is_sent = fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode) &&
		  write(fd, &controls[command].letter, 1) == 1;
	close(fd);
	return is_sent;
}

bool scan_control_is_failure(int exit_code)
{
	return exit_code == EXIT_USAGE || exit_code == EXIT_SYSTEM;
}
