/* trust.c -- see trust.h. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "service/supervise_dir.h"
#include "service/trust.h"

static bool is_ours(const struct stat *status)
{
	return (status->st_uid == 0 || status->st_uid == geteuid()) &&
	       (status->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static bool is_our_directory(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && is_ours(&status);
}

static int open_directory(int dir_fd, const char *name)
{
	return openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bool is_above_ours(int dir_fd)
{
	int fd = open_directory(dir_fd, "..");
	bool result = fd != -1 && is_our_directory(fd);

	if (fd != -1)
		close(fd);
	return result;
}

bool trust_directory(int dir_fd, bool is_within)
{
	return is_our_directory(dir_fd) &&
	       (!is_within || is_above_ours(dir_fd));
}

/* Of supervise/ that is open as `fd`. */
static bool is_trusted_place(const struct trust_place *place, int fd)
{
	return is_our_directory(fd) &&
	       (!place->is_within || trust_directory(place->dir_fd, true));
}

bool trust_place(const struct trust_place *place)
{
	int fd = open_directory(place->dir_fd, SUPERVISE_DIR);
	bool result = fd != -1 && is_trusted_place(place, fd);

	if (fd != -1)
		close(fd);
	return result;
}

static bool is_our_file(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
	       status.st_nlink == 1 && is_ours(&status);
}

long trust_read(const struct trust_place *place, const char *name, void *out,
		size_t size_bytes, bool *is_trusted)
{
	int error, fd, dir_fd = open_directory(place->dir_fd, SUPERVISE_DIR);
	long count = -1;

	*is_trusted = false;
	if (dir_fd == -1)
		return -1;
	fd = openat(dir_fd, name,
		    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd == -1)
		goto out;
	/* Before it is read: what was written by then, by whom may write. */
	*is_trusted = is_our_file(fd) && is_trusted_place(place, dir_fd);
	do
		count = (long)read(fd, out, size_bytes);
	while (count == -1 && errno == EINTR);
out:
	error = errno;
	if (fd != -1)
		close(fd);
	close(dir_fd);
	errno = error;
	return count;
}
