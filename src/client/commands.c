/* commands.c -- see commands.h. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "client/commands.h"
#include "service/state_place.h"
#include "service/supervise_dir.h"

/*
 * A file without another name is as good as a FIFO; bytes in a link, a device
 * or a terminal would reach somebody else.
 */
static int open_control(int dir_fd)
{
	struct stat status;
	int fd = openat(dir_fd, SUPERVISE_CONTROL,
			O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY |
				O_CLOEXEC);

	if (fd == -1)
		return -1;
	if (fstat(fd, &status) == 0 &&
	    (S_ISFIFO(status.st_mode) ||
	     (S_ISREG(status.st_mode) && status.st_nlink == 1)))
		return fd;
	close(fd);
	errno = ENXIO;
	return -1;
}

int commands_open(int dir_fd)
{
	return state_place_open(dir_fd, SUPERVISE_DIR, open_control);
}

int commands_write(int control_fd, const char *letters, size_t count)
{
	struct pollfd room = {.fd = control_fd, .events = POLLOUT};
	ssize_t done = write(control_fd, letters, count);

	if (done == -1 && errno == EAGAIN) {
		if (poll(&room, 1, COMMANDS_TIMEOUT_MS) == 0)
			errno = ETIMEDOUT;
		else
			done = write(control_fd, letters, count);
	}
	return done == -1 ? -1 : 0;
}

static bool has_unread(int fd)
{
	int count = 0;

#ifdef FIONREAD
	if (ioctl(fd, FIONREAD, &count) == -1)
		return false;
#else
	(void)fd;
#endif
	return count > 0;
}

static bool has_reader(int fd)
{
	struct pollfd look = {.fd = fd};

	return poll(&look, 1, 0) == 0;
}

/* No system tells a writer of when the last byte was read, so this looks ever
 * less often: mostly once. */
bool commands_were_read(int control_fd, int64_t *patience_ns)
{
	const long longest_ns = 10000000;
	struct timespec nap = {0, 50000};

	while (*patience_ns > 0 && has_unread(control_fd)) {
		*patience_ns -=
			has_reader(control_fd) ? nap.tv_nsec : nap.tv_nsec / 50;
		nanosleep(&nap, NULL);
		if (nap.tv_nsec < longest_ns)
			nap.tv_nsec *= 2;
	}
	return *patience_ns > 0 || !has_unread(control_fd);
}

void commands_close(int control_fd, int64_t *patience_ns)
{
	commands_were_read(control_fd, patience_ns);
	close(control_fd);
}
