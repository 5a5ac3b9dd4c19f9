/* root_lock.c -- see root_lock.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/diag.h"
#include "make/root_lock.h"

#define LOCK_FILE ".lock"
/* Most are over at once: a second without a word. */
#define QUIET_TRIES 100
static const struct timespec a_moment = {.tv_nsec = 10000000};

static bool may_write(int root_fd)
{
	return faccessat(root_fd, ".", W_OK, AT_EACCESS) == 0;
}

/* Who may write in the root may hold it: its owner, and, if so, its group. */
static void open_to_writers(int fd, const struct stat *root)
{
	mode_t mode = root->st_mode & S_IWGRP ? 0660 : 0600;

	/* Root's file in a user's root is the user's; others can't give. */
	if (fchown(fd, root->st_uid, root->st_gid) == -1)
		(void)!fchown(fd, (uid_t)-1, root->st_gid);
	fchmod(fd, mode);
}

static bool is_trusted(const struct stat *file, const struct stat *root)
{
	return S_ISREG(file->st_mode) &&
	       (file->st_uid == geteuid() || file->st_uid == 0 ||
		file->st_uid == root->st_uid || (root->st_mode & S_IWGRP));
}

static int open_file(int root_fd)
{
	const int flags =
		O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	struct stat file, root;
	int fd = openat(root_fd, LOCK_FILE, flags, 0600);
	int error = EPERM;

	if (fd == -1)
		return -1;
	if (fstat(fd, &file) == -1 || fstat(root_fd, &root) == -1)
		error = errno;
	else if (is_trusted(&file, &root)) {
		if (file.st_uid == geteuid())
			open_to_writers(fd, &root);
		return fd;
	}
	close(fd);
	errno = error;
	return -1;
}

static int wait_for(int fd, const char *root)
{
	for (int i = 0; i < QUIET_TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -1;
		nanosleep(&a_moment, NULL);
	}
	diag_warn("waiting for another command that changes %s", root);
	while (flock(fd, LOCK_EX) == -1) {
		if (errno != EINTR)
			return -1;
	}
	return 0;
}

/* Not if whoever held it has removed it meanwhile. */
static bool is_still_there(int root_fd, int fd)
{
	struct stat named, held;

	return fstatat(root_fd, LOCK_FILE, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstat(fd, &held) == 0 && named.st_dev == held.st_dev &&
	       named.st_ino == held.st_ino;
}

int root_lock_take(int root_fd, const char *root, int *lock_fd)
{
	*lock_fd = -1;
	for (;;) {
		int fd = open_file(root_fd), error;

		if (fd == -1 && errno == EROFS)
			return 0;
		if (fd == -1 && errno == EACCES && !may_write(root_fd))
			return 0;
		if (fd == -1)
			return -1;
		if (wait_for(fd, root) == -1) {
			error = errno;
			close(fd);
			errno = error;
			return -1;
		}
		if (is_still_there(root_fd, fd)) {
			*lock_fd = fd;
			return 0;
		}
		close(fd);
	}
}

void root_lock_give(int root_fd, int *lock_fd)
{
	if (*lock_fd == -1)
		return;
	unlinkat(root_fd, LOCK_FILE, 0);
	close(*lock_fd);
	*lock_fd = -1;
}
