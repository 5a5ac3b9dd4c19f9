/* names.c -- see names.h. */
#include <dirent.h>
#include <errno.h>
#include <unistd.h>

#include "engine/names.h"

static void on_change(struct loop_directory *changes,
		      enum directory_change change, const char *name)
{
	struct names *names = changes->owner;

	(void)name;
	names->is_stale = true;
	if (change == DIRECTORY_ITSELF) /* another may have its name */
		loop_directory_remove(names->loop, changes);
	names->on_change(names);
}

void names_watch(struct names *names, int dir_fd, const char *name,
		 const char *path)
{
	if (names->changes.is_added)
		return;
	names->is_stale = true;
	names->changes.on_change = on_change;
	names->changes.owner = names;
	loop_directory_add_at(names->loop, &names->changes, dir_fd, name, path);
}

void names_unwatch(struct names *names)
{
	loop_directory_remove(names->loop, &names->changes);
}

bool names_are_known(const struct names *names)
{
	return names->changes.is_added && !names->is_stale;
}

static int read_all(int fd, int (*take)(void *with, const char *name),
		    void *with)
{
	DIR *names = fdopendir(fd);
	struct dirent *name;
	int error;

	if (!names) {
		error = errno;
		close(fd);
		errno = error;
		return -1;
	}
	while (errno = 0, name = readdir(names)) {
		if (name->d_name[0] != '.' && take(with, name->d_name) == -1)
			break;
	}
	error = errno;
	closedir(names);
	errno = error;
	return error == 0 ? 0 : -1;
}

int names_read(struct names *names, int fd,
	       int (*take)(void *with, const char *name), void *with)
{
	int result = read_all(fd, take, with);

	names->is_stale = result == -1;
	return result;
}
