/* durable.c -- see durable.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log/durable.h"
#include "log/trouble.h"

#define CHUNK_BYTES 16384

static bool is_same_file(int one_fd, int other_fd)
{
	struct stat one, other;

	return fstat(one_fd, &one) == 0 && fstat(other_fd, &other) == 0 &&
	       one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

static int write_all(int fd, const char *bytes, size_t count, off_t at)
{
	ssize_t done;

	for (size_t i = 0; i < count; i += (size_t)done) {
		done = pwrite(fd, bytes + i, count - i, at + (off_t)i);
		if (done == -1)
			return -1;
	}
	return 0;
}

static int write_over(int fd)
{
	char bytes[CHUNK_BYTES];
	off_t at = 0;
	ssize_t got;

	while ((got = pread(fd, bytes, sizeof(bytes), at)) > 0) {
		if (write_all(fd, bytes, (size_t)got, at) == -1)
			return -1;
		at += got;
	}
	return got == 0 ? 0 : -1;
}

/* Through a descriptor of its own, as others only append. 0 also where the name
 * is somebody else's by now: then there is nothing that could be done. */
static int write_again(int dir_fd, const char *name, int fd)
{
	int error, result = -1;
	int own_fd = openat(dir_fd, name,
			    O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);

	if (own_fd == -1)
		return -1;
	result = is_same_file(own_fd, fd) ? write_over(own_fd) : 0;
	error = errno;
	close(own_fd);
	errno = error;
	return result;
}

int durable_file(int dir_fd, const char *path, const char *name, int fd)
{
	bool is_given_up = false;

	while ((is_given_up && write_again(dir_fd, name, fd) == -1) ||
	       fsync(fd) == -1) {
		is_given_up = true;
		if (trouble("unable to write %s/%s to disk", path, name) == -1)
			return -1;
	}
	return 0;
}
