/*
 * at_once_linux.c -- see at_once.h.
 *
 * What /proc/self/fd/N leads to is opened anew, for this one write: messages
 * are rare, and a descriptor that was kept would go on leading there after
 * another took the place of N. Where that isn't allowed, as to a user whose
 * standard error is a pipe of root's, the bytes are moved there from a pipe of
 * our own. That comes second, as it takes a slot of the other pipe for each
 * line. Sources: proc_pid_fd(5), splice(2).
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/at_once.h"
#include "base/strb.h"

static int open_anew(int fd)
{
	char room[40];
	struct strb path = strb_on(room, sizeof(room));

	strb_add_format(&path, "/proc/self/fd/%d", fd);
	return open(room, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

static long move_there(int fd, const void *bytes, size_t count)
{
	int own[2];
	long done = -1;
	int error;

	if (pipe2(own, O_CLOEXEC) == -1)
		return -1;
	if (write(own[1], bytes, count) == (ssize_t)count)
		done = splice(own[0], NULL, fd, NULL, count, SPLICE_F_NONBLOCK);
	error = errno;
	close(own[0]);
	close(own[1]);
	errno = error;
	return done;
}

long at_once_apart(int fd, const void *bytes, size_t count)
{
	int own_fd = open_anew(fd);
	long done;
	int error;

	if (own_fd != -1) {
		done = write(own_fd, bytes, count);
		error = errno;
		close(own_fd);
		errno = error;
		return done;
	}
	done = move_there(fd, bytes, count);
	if (done == -1 && errno != EAGAIN && errno != EPIPE)
		errno = ENOSYS; /* a terminal; or no descriptor is left */
	return done;
}
