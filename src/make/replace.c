/* replace.c -- see replace.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/strb.h"
#include "make/replace.h"

/* The owner first, as a new one takes bits of the mode away. */
static int fill(int fd, const struct stat *status, const void *bytes,
		size_t count)
{
	struct stat made;

	if (fstat(fd, &made) == -1 || fd_write_all(fd, bytes, count) == -1)
		return -1;
	if ((made.st_uid != status->st_uid || made.st_gid != status->st_gid) &&
	    fchown(fd, status->st_uid, status->st_gid) == -1)
		return -1;
	if (fchmod(fd, status->st_mode & 07777) == -1)
		return -1;
	return fsync(fd);
}

int replace_file(int dir_fd, const char *name, const void *bytes, size_t count)
{
	char aside[NAME_MAX + 1];
	struct strb text = strb_on(aside, sizeof(aside));
	struct stat status;
	int fd = -1, error, result = -1;

	strb_add_format(&text, ".%s.new", name);
	errno = ENAMETOOLONG;
	if (text.is_cut || fstatat(dir_fd, name, &status, 0) == -1 ||
	    (unlinkat(dir_fd, aside, 0) == -1 && errno != ENOENT))
		return -1;
	fd = openat(dir_fd, aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		    0600);
	if (fd == -1)
		return -1;
	if (fill(fd, &status, bytes, count) == -1 ||
	    renameat(dir_fd, aside, dir_fd, name) == -1)
		goto out;
	result = fsync(dir_fd);
out:
	error = errno;
	close(fd);
	if (result == -1)
		unlinkat(dir_fd, aside, 0);
	errno = error;
	return result;
}
