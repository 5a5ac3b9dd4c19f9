/* alive.c -- see alive.h. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "client/alive.h"
#include "client/commands.h"
#include "service/scan_control.h"

/* No command, and none to be. */
#define NOTHING "\n"

static int open_control(const char *scan_dir)
{
	int error, fd,
		dir_fd = open(scan_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir_fd == -1)
		return -1;
	fd = scan_control_open(dir_fd);
	error = errno;
	close(dir_fd);
	errno = error;
	return fd;
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
