/* at_once.c -- see at_once.h. */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/at_once.h"

static long write_anyway(int fd, const void *bytes, size_t count)
{
	long done;

	do {
		done = write(fd, bytes, count);
	} while (done == -1 && errno == EINTR);
	return done;
}

static long write_if_room(int fd, const void *bytes, size_t count)
{
	struct pollfd room = {.fd = fd, .events = POLLOUT};

	if (poll(&room, 1, 0) == 0) {
		errno = EAGAIN;
		return -1;
	}
	return write_anyway(fd, bytes, count);
}

static bool is_done(long done, size_t count)
{
	if (done == -1)
		return errno != EAGAIN && errno != EWOULDBLOCK;
	return (size_t)done == count;
}

bool at_once_write(int fd, const void *bytes, size_t count)
{
	struct stat status;
	long done;

	if (fstat(fd, &status) == -1)
		return true;
	if (S_ISSOCK(status.st_mode)) {
		done = send(fd, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL);
	} else if (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode)) {
		done = at_once_apart(fd, bytes, count);
		if (done == -1 && errno == ENOSYS)
			done = write_if_room(fd, bytes, count);
	} else {
		done = write_anyway(fd, bytes, count);
	}
	return is_done(done, count);
}
