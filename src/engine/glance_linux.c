/*
 * glance_linux.c -- see glance.h.
 *
 * tee(2) makes a pipe of our own share the pages; reading that leaves the other
 * as it was.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "engine/glance.h"

ssize_t glance(int fd, char *bytes, size_t most, size_t most_blindly,
	       size_t *left)
{
	ssize_t count;
	struct pollfd look = {.fd = fd, .events = POLLIN};
	int copy_fds[2];

	*left = 0;
	/* Mostly there is nothing: one call instead of five. */
	if (poll(&look, 1, 0) == 0) {
		errno = EAGAIN;
		return -1;
	}
	if (pipe2(copy_fds, O_CLOEXEC | O_NONBLOCK) == -1)
		return read(fd, bytes, most_blindly);
	count = tee(fd, copy_fds[1], most, SPLICE_F_NONBLOCK);
	if (count > 0)
		count = read(copy_fds[0], bytes, most);
	close(copy_fds[0]);
	close(copy_fds[1]);
	if (count == -1)
		return read(fd, bytes, most_blindly); /* it may not be a pipe */
	*left = (size_t)count;
	return count;
}

void glance_take(int fd, size_t left)
{
	char bytes[256];

	while (left > 0) {
		size_t most = left < sizeof(bytes) ? left : sizeof(bytes);
		ssize_t count = read(fd, bytes, most);

		if (count <= 0)
			return;
		left -= (size_t)count;
	}
}
