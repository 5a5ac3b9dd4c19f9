/* tree.c -- see tree.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

#include "base/names.h"
#include "make/tree.h"

/* Deeper ones are nobody's service directory, and take a descriptor each. */
#define DEEPEST 64

struct removal {
	int dir_fd;
	unsigned depth;
	int error; /* the first; 0: none */
	bool has_removed;
};

static int remove_at(int dir_fd, const char *name, unsigned depth);

static void take_name(void *owner, const char *name, enum names_kind kind)
{
	struct removal *removal = owner;

	(void)kind;
	if (remove_at(removal->dir_fd, name, removal->depth + 1) == 0)
		removal->has_removed = true;
	else if (removal->error == 0)
		removal->error = errno;
}

/* Again while names come up: a system may pass some over when others go. */
static int empty(int fd, unsigned depth)
{
	struct removal removal = {.dir_fd = fd, .depth = depth};

	do {
		removal.error = 0;
		removal.has_removed = false;
		if (names_each(fd, take_name, &removal) == -1)
			return -1;
	} while (removal.has_removed && removal.error == 0);
	errno = removal.error;
	return removal.error == 0 ? 0 : -1;
}

static int remove_at(int dir_fd, const char *name, unsigned depth)
{
	int fd, error, result;

	if (unlinkat(dir_fd, name, 0) == 0 || errno == ENOENT)
		return 0;
	/* A directory can't be unlinked: EISDIR to Linux, EPERM to POSIX. */
	if (errno != EISDIR && errno != EPERM)
		return -1;
	if (depth > DEEPEST) {
		errno = ELOOP;
		return -1;
	}
	error = errno;
	fd = openat(dir_fd, name,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1) {
		errno = errno == ENOTDIR ? error : errno;
		return -1;
	}
	result = empty(fd, depth);
	error = errno;
	close(fd);
	errno = error;
	return result == -1 ? -1 : unlinkat(dir_fd, name, AT_REMOVEDIR);
}

int tree_remove(int dir_fd, const char *name)
{
	return remove_at(dir_fd, name, 0);
}
