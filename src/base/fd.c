/* fd.c -- see fd.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/strb.h"

int fd_ensure_standard(void)
{
	int fd;

	/* open(2) takes the lowest free number, so this fills the gaps. */
	do {
		fd = open("/dev/null", O_RDWR);
		if (fd == -1)
			return -1;
	} while (fd <= STDERR_FILENO);
	close(fd);
	return 0;
}

int fd_write_all(int fd, const void *bytes, size_t count)
{
	const char *rest = bytes;

	while (count > 0) {
		ssize_t done = write(fd, rest, count);

		if (done >= 0) {
			rest += done;
			count -= (size_t)done;
		} else if (errno == EAGAIN) {
			struct pollfd room = {.fd = fd, .events = POLLOUT};

			poll(&room, 1, -1);
		} else if (errno != EINTR) {
			return -1;
		}
	}
	return 0;
}

long fd_read_some(int fd, void *out, size_t size_bytes)
{
	for (;;) {
		ssize_t got = read(fd, out, size_bytes);

		if (got >= 0)
			return (long)got;
		if (errno == EAGAIN) {
			struct pollfd more = {.fd = fd, .events = POLLIN};

			poll(&more, 1, -1);
		} else if (errno != EINTR) {
			return -1;
		}
	}
}

/*
 * Whatever has the name is removed, never opened: a link, also a hard one,
 * would lead elsewhere, and a device does things when it is opened.
 */
static int make_file(int dir_fd, const char *name, mode_t mode)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
	int fd = openat(dir_fd, name, flags, mode);

	if (fd != -1 || errno != EEXIST)
		return fd;
	if (unlinkat(dir_fd, name, 0) == -1)
		return -1;
	return openat(dir_fd, name, flags, mode);
}

/* A short write is no reason; that of the next one is: a full disk, a quota, a
 * limit. */
static int write_whole(int fd, const char *bytes, size_t count)
{
	ssize_t done;

	for (; count > 0; bytes += done, count -= (size_t)done) {
		errno = ENOSPC; /* what writing nothing means */
		done = write(fd, bytes, count);
		if (done <= 0)
			return -1;
	}
	return 0;
}

int fd_replace_file(int dir_fd, const char *name, const void *bytes,
		    size_t count, unsigned mode)
{
	char room[NAME_MAX + 1];
	struct strb made = strb_on(room, sizeof(room));
	int fd, error, result = -1;

	strb_add(&made, name);
	strb_add(&made, ".new");
	if (made.is_cut) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = make_file(dir_fd, room, (mode_t)mode);
	if (fd == -1)
		goto out;
	if (write_whole(fd, bytes, count) == -1)
		goto out;
	if (renameat(dir_fd, room, dir_fd, name) == -1)
		goto out;
	result = 0;
out:
	error = errno;
	if (fd != -1)
		close(fd);
	if (result == -1 && fd != -1)
		unlinkat(dir_fd, room, 0);
	errno = error;
	return result;
}

int fd_rewrite_file(int dir_fd, const char *name, const void *bytes,
		    size_t count)
{
	const struct iovec parts[] = {{(void *)bytes, count}, {(void *)"", 1}};
	int fd = openat(dir_fd, name,
			O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY |
				O_CLOEXEC);
	int error, result = -1;
	struct stat status;
	ssize_t wanted;

	if (fd == -1 || fstat(fd, &status) == -1)
		goto out;
	errno = EINVAL;
	if (!S_ISREG(status.st_mode))
		goto out;
	/* Of what is longer, the end must not be taken for that of this. */
	wanted = (ssize_t)count + (status.st_size > (off_t)count);
	errno = ENOSPC;
	if (writev(fd, parts, wanted > (ssize_t)count ? 2 : 1) != wanted ||
	    ftruncate(fd, (off_t)count) == -1)
		goto out;
	result = 0;
out:
	error = errno;
	if (fd != -1)
		close(fd);
	errno = error;
	return result;
}

static long read_file(int dir_fd, const char *name, int flags, void *out,
		      size_t size_bytes)
{
	int error;
	ssize_t got;
	int fd = openat(dir_fd, name,
			O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | flags);

	if (fd == -1)
		return -1;
	do
		got = read(fd, out, size_bytes);
	while (got == -1 && errno == EINTR);
	error = errno;
	close(fd);
	errno = error;
	return (long)got;
}

long fd_read_file(int dir_fd, const char *name, void *out, size_t size_bytes)
{
	return read_file(dir_fd, name, 0, out, size_bytes);
}

long fd_read_own_file(int dir_fd, const char *name, void *out,
		      size_t size_bytes)
{
	return read_file(dir_fd, name, O_NOFOLLOW, out, size_bytes);
}

char *fd_read_all(const char *path, size_t *len)
{
	char *text = NULL;
	size_t room = 0;
	int fd, error;
	long got = 1;

	*len = 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return NULL;
	while (got > 0) {
		if (room - *len < 2) {
			char *more = realloc(text, room = room * 2 + 4096);

			if (!more)
				goto fail;
			text = more;
		}
		got = fd_read_some(fd, text + *len, room - *len - 1);
		if (got == -1)
			goto fail;
		*len += (size_t)got;
	}
	close(fd);
	text[*len] = '\0';
	return text;
fail:
	error = errno;
	free(text);
	close(fd);
	errno = error;
	return NULL;
}
