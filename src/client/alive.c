/* alive.c -- see alive.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/strb.h"
#include "client/alive.h"
#include "client/commands.h"
#include "service/scan_control.h"

/* No command, and none to be. */
#define NOTHING "\n"

static int open_control(const char *scan_dir)
{
	char room[PATH_MAX];
	struct strb path = strb_on(room, sizeof(room));
	struct stat status;
	int fd;

	strb_add_format(&path, "%s/" SCAN_CONTROL, scan_dir);
	errno = ENAMETOOLONG;
	if (path.is_cut)
		return -1;
	fd = open(room,
		  O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC);
	/* A byte in anything else would reach somebody else. */
	if (fd == -1 || (fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode)))
		return fd;
	close(fd);
	errno = ENXIO;
	return -1;
}

enum alive alive_ask(const char *scan_dir, int64_t patience_ns)
{
	int fd = open_control(scan_dir);
	enum alive result = ALIVE_YES;

	if (fd == -1)
		return errno == ENXIO || errno == ENOENT ? ALIVE_NO
							 : ALIVE_UNKNOWN;
	if (patience_ns > 0) {
		if (commands_write(fd, NOTHING, 1) == -1)
			result = errno == EPIPE ? ALIVE_NO : ALIVE_STUCK;
		else if (!commands_were_read(fd, &patience_ns))
			result = ALIVE_STUCK;
	}
	close(fd);
	return result;
}
