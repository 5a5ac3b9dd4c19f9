/* names_portable.c -- see names.h; POSIX tells of no kinds. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/names.h"

int names_each(int dir_fd,
	       void (*take)(void *owner, const char *name,
			    enum names_kind kind),
	       void *owner)
{
	struct dirent *entry;
	DIR *names = NULL;
	int error, fd, result = -1;

	fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		goto out;
	names = fdopendir(fd);
	if (!names)
		goto out;
	for (errno = 0; (entry = readdir(names)); errno = 0) {
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			take(owner, entry->d_name, NAMES_UNKNOWN);
	}
	if (errno == 0)
		result = 0;
out:
	error = errno;
	if (names)
		closedir(names);
	else if (fd != -1)
		close(fd);
	errno = error;
	return result;
}
