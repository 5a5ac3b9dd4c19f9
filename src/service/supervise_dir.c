/* supervise_dir.c -- see supervise_dir.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "service/supervise_dir.h"

int supervise_dir_make_path(int dir_fd, const char *path, unsigned mode)
{
	char part[PATH_MAX];
	size_t len = strlen(path);

	if (mkdirat(dir_fd, path, (mode_t)mode) == 0)
		return 0;
	if (errno != ENOENT || len >= sizeof(part))
		return -1;
	memcpy(part, path, len + 1);
	for (char *at = part; (at = strchr(at + 1, '/'));) {
		*at = '\0';
		if (mkdirat(dir_fd, part, 0755) == -1 && errno != EEXIST)
			return -1;
		*at = '/';
	}
	return mkdirat(dir_fd, path, (mode_t)mode);
}

static bool make_target(int dir_fd, const char *name)
{
	char target[PATH_MAX];
	ssize_t len = readlinkat(dir_fd, name, target, sizeof(target) - 1);

	if (len <= 0)
		return false;
	target[len] = '\0';
	return supervise_dir_make_path(dir_fd, target, 0700) == 0;
}

bool supervise_dir_make(int dir_fd)
{
	return supervise_dir_make_named(dir_fd, SUPERVISE_DIR);
}

bool supervise_dir_make_named(int dir_fd, const char *name)
{
	struct stat status;
	int error;

	if (mkdirat(dir_fd, name, 0700) == 0)
		return true;
	error = errno;
	/* Some systems look at rights first. */
	if (fstatat(dir_fd, name, &status, 0) == 0) {
		errno = 0;
		return false;
	}
	if (error == EEXIST && errno == ENOENT)
		return make_target(dir_fd, name);
	/* Of links in a circle the lock tells, as 0.76's does. */
	errno = error != EEXIST ? error : errno == ELOOP ? 0 : errno;
	return false;
}

/*
 * A record lock that belongs to the open file, as flock's does, where there is
 * one (Linux, POSIX.1-2024): the classic kind goes when the process closes any
 * descriptor of the file.
 */
#ifdef F_OFD_SETLK
#define SET_RECORD_LOCK F_OFD_SETLK
#else
#define SET_RECORD_LOCK F_SETLK
#endif

int supervise_dir_lock(int dir_fd)
{
	return supervise_dir_lock_file(dir_fd, SUPERVISE_LOCK);
}

int supervise_dir_lock_file(int dir_fd, const char *name)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int error, fd;

	fd = openat(dir_fd, name,
		    O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK |
			    O_CLOEXEC,
		    0600);
	if (fd == -1)
		return -1;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 &&
	    fcntl(fd, SET_RECORD_LOCK, &whole) == 0)
		return fd;
	error = errno == EACCES ? EAGAIN
				: errno; /* POSIX lets F_SETLK choose */
	close(fd);
	errno = error;
	return -1;
}

/* Whatever else had the name is gone afterwards, or errno says why not. */
static int make_fifo(int dir_fd, const char *name, unsigned mode)
{
	struct stat status;

	if (mkfifoat(dir_fd, name, (mode_t)mode) == 0)
		return 0;
	if (errno != EEXIST ||
	    fstatat(dir_fd, name, &status, AT_SYMLINK_NOFOLLOW) == -1)
		return -1;
	if (S_ISFIFO(status.st_mode))
		return 0;
	if (S_ISDIR(status.st_mode)) {
		errno = EISDIR;
		return -1;
	}
	if (unlinkat(dir_fd, name, 0) == -1)
		return -1;
	return mkfifoat(dir_fd, name, (mode_t)mode);
}

static int open_fifo(int dir_fd, const char *name, unsigned mode, int flags)
{
	struct stat status;
	int fd;

	if (make_fifo(dir_fd, name, mode) == -1)
		return -1;
	fd = openat(dir_fd, name, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1)
		return -1;
	if (fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode))
		return fd;
	close(fd);
	errno = EEXIST; /* replaced this moment */
	return -1;
}

int supervise_dir_open_fifo(int dir_fd, const char *name, unsigned mode)
{
	return open_fifo(dir_fd, name, mode, O_RDWR);
}

static bool is_in_place(int dir_fd, const char *name, int held_fd)
{
	struct stat held, named;

	return fstat(held_fd, &held) == 0 &&
	       fstatat(dir_fd, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

int supervise_dir_renew_fifo(int dir_fd, const char *name, unsigned mode,
			     int held_fd)
{
	int fd;

	if (is_in_place(dir_fd, name, held_fd))
		return held_fd;
	fd = supervise_dir_open_fifo(dir_fd, name, mode);
	if (fd == -1)
		return held_fd;
	close(held_fd);
	return fd;
}

int supervise_dir_read_fifo(int dir_fd, const char *name, unsigned mode)
{
	return open_fifo(dir_fd, name, mode, O_RDONLY);
}

#define CONTROL_BYTES 4096

/* An open FIFO takes kernel memory by the room that it may need. */
static void make_small(int fd)
{
#ifdef F_SETPIPE_SZ
	fcntl(fd, F_SETPIPE_SZ, CONTROL_BYTES);
#else
	(void)fd;
#endif
}

int supervise_dir_open_control(int dir_fd)
{
	int fd = supervise_dir_open_fifo(dir_fd, SUPERVISE_CONTROL, 0600);

	if (fd != -1)
		make_small(fd);
	return fd;
}

/* Whether "ok" is the file that is open as `fd`. */
static bool is_ok(int dir_fd, int fd)
{
	struct stat held, named;

	return fstat(fd, &held) == 0 &&
	       fstatat(dir_fd, SUPERVISE_OK, &named, AT_SYMLINK_NOFOLLOW) ==
		       0 &&
	       held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

mode_t supervise_dir_ok_mode(const struct stat *dir, const struct stat *control)
{
	mode_t mode = S_IRUSR | S_IWUSR;
	bool is_same_group = control->st_gid == dir->st_gid;

	if (dir->st_mode & S_IXGRP)
		mode |= S_IWGRP;
	if (dir->st_mode & S_IXOTH)
		mode |= S_IWOTH;
	if (control->st_mode & S_IWOTH)
		mode &= ~(mode_t)(S_IWGRP | S_IWOTH);
	if (!(mode & S_IWOTH) && is_same_group && control->st_mode & S_IWGRP)
		mode &= ~(mode_t)S_IWGRP;
	return mode & (S_IWGRP | S_IWOTH) ? mode : 0;
}

/* What somebody else has linked here isn't ours to change; what can't be
 * changed serves those whom it lets. */
static void give(int fd, gid_t gid, mode_t mode)
{
	struct stat status;

	if (fstat(fd, &status) == -1 || status.st_nlink != 1)
		return;
	if (status.st_gid != gid && fchown(fd, (uid_t)-1, gid) == -1)
		return;
	if ((status.st_mode & 07777) != mode)
		(void)fchmod(fd, mode);
}

/* The descriptor of an "ok" of its own, or -1: that wasn't asked for, or can't
 * be had. It has a reader from the moment on at which it has its name. */
static int open_own_ok(int dir_fd, int control_fd)
{
	const char *name = SUPERVISE_OK;
	struct stat dir, control;
	mode_t mode;
	int fd;

	if (fstatat(dir_fd, SUPERVISE_DIR, &dir, 0) == -1 ||
	    !(dir.st_mode & (S_IXGRP | S_IXOTH)) ||
	    fstat(control_fd, &control) == -1)
		return -1;
	mode = supervise_dir_ok_mode(&dir, &control);
	if (mode == 0)
		return -1;
	if (is_ok(dir_fd, control_fd))
		name = SUPERVISE_OK ".new";
	fd = supervise_dir_read_fifo(dir_fd, name, 0600);
	if (fd == -1)
		return -1;
	make_small(fd);
	give(fd, dir.st_gid, mode);
	if (strcmp(name, SUPERVISE_OK) == 0 ||
	    renameat(dir_fd, name, dir_fd, SUPERVISE_OK) == 0)
		return fd;
	close(fd);
	return -1;
}

/* In one step, so that there is an "ok" all the time. */
static int replace_ok(int dir_fd)
{
	const char *name = SUPERVISE_OK ".new";

	unlinkat(dir_fd, name, 0);
	if (linkat(dir_fd, SUPERVISE_CONTROL, dir_fd, name, 0) == -1)
		return -1;
	if (renameat(dir_fd, name, dir_fd, SUPERVISE_OK) == 0)
		return 0;
	unlinkat(dir_fd, name, 0);
	return -1;
}

int supervise_dir_make_ok(int dir_fd, int control_fd, int *ok_fd)
{
	*ok_fd = open_own_ok(dir_fd, control_fd);
	if (*ok_fd != -1)
		return 0;
	if (linkat(dir_fd, SUPERVISE_CONTROL, dir_fd, SUPERVISE_OK, 0) == 0 ||
	    (errno == EEXIST && is_ok(dir_fd, control_fd)))
		return 0;
	/* What an earlier supervisor, or somebody else, put in its place. A
	 * directory stays, and is what the second attempt fails of. */
	if (errno == EEXIST && replace_ok(dir_fd) == 0)
		return 0;
	*ok_fd = supervise_dir_read_fifo(dir_fd, SUPERVISE_OK, 0600);
	return *ok_fd == -1 ? -1 : 0;
}
