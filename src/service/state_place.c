/* state_place.c -- see state_place.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/self.h"
#include "base/strb.h"
#include "service/state_place.h"
#include "service/supervise_dir.h"

#define PLACE_MODE 0700
#define BASE_MODE  0711 /* `sv allow` lets others reach what is in it */

/* ---- names ---- */

/* What encore calls the state of a directory. False with errno. */
static bool name_of(int dir_fd, char out[PATH_MAX])
{
	if (dir_fd == AT_FDCWD ? !getcwd(out, PATH_MAX)
			       : self_path_of(dir_fd, out, PATH_MAX) == -1)
		return false;
	errno = EINVAL;
	if (out[0] != '/' || out[1] == '\0')
		return false;
	memmove(out, out + 1, strlen(out));
	for (char *at = out; (at = strchr(at, '/'));)
		*at = ':';
	return true;
}

/* In encore's words a relative one is a name in the service directory, which is
 * no other place. */
static const char *told_base(void)
{
	const char *base = getenv("SUPERVISEDIR");

	return base && base[0] == '/' ? base : NULL;
}

/* The i-th place for what users have in common, for that user. False: there are
 * no more. */
static bool usual_base(size_t i, uid_t uid, struct strb *base)
{
	const char *own = uid == geteuid() ? getenv("XDG_RUNTIME_DIR") : NULL;

	base->len = 0;
	base->is_cut = false;
	switch (i) {
	case 0:
		if (uid == 0)
			strb_add(base, "/run/holdfast");
		else if (own && own[0] == '/')
			strb_add_format(base, "%s/holdfast", own);
		else
			strb_add(base, ""); /* this one has none */
		return true;
	case 1:
		strb_add_format(base, "/run/user/%u/holdfast", (unsigned)uid);
		return true;
	case 2:
		strb_add_format(base, "/run/holdfast-%u", (unsigned)uid);
		return true;
	case 3:
		strb_add_format(base, "/tmp/holdfast-%u", (unsigned)uid);
		return true;
	default: return false;
	}
}

/* ---- directories ---- */

static int open_directory(int at_fd, const char *path, int flags)
{
	return openat(at_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
}

/* Whether nobody but that user can have put there what is in it. */
static bool is_of(int fd, uid_t uid)
{
	struct stat status;

	return fstat(fd, &status) == 0 &&
	       (status.st_uid == uid || status.st_uid == 0) &&
	       (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* Of what only that user can have made. -1: there is none, or it is another's.
 */
static int open_of(int at_fd, const char *path, int flags, uid_t uid)
{
	int fd = open_directory(at_fd, path, flags);

	if (fd == -1 || is_of(fd, uid))
		return fd;
	close(fd);
	errno = EACCES;
	return -1;
}

static int open_usual_base(const char *base, uid_t uid)
{
	if (mkdir(base, BASE_MODE) == 0)
		(void)chmod(base, BASE_MODE);
	return open_of(AT_FDCWD, base, O_NOFOLLOW, uid);
}

/* The user's own choice, and what is missing on the way. */
static int open_told_base(const char *base)
{
	if (supervise_dir_make_path(AT_FDCWD, base, BASE_MODE) == -1 &&
	    errno != EEXIST)
		return -1;
	return open_directory(AT_FDCWD, base, 0);
}

bool state_place_is_sealed(int dir_fd, const char *name)
{
	struct statvfs about;
	struct stat status;

	/* What a link leads to may be elsewhere. */
	if (fstatat(dir_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISLNK(status.st_mode))
		return faccessat(dir_fd, name, W_OK, AT_EACCESS) == -1 &&
		       errno == EROFS;
	return (dir_fd == AT_FDCWD ? statvfs(".", &about)
				   : fstatvfs(dir_fd, &about)) == 0 &&
	       (about.f_flag & ST_RDONLY) != 0;
}

/* ---- making ---- */

/* "supervise" is the place itself, as encore has it; others are in it. */
static int prepare(int place_fd, const char *name)
{
	if (strcmp(name, SUPERVISE_DIR) != 0 ||
	    symlinkat(".", place_fd, name) == 0 || errno == EEXIST)
		return 0;
	return -1;
}

static int make_in(int base_fd, const char *own, const char *name)
{
	int fd;

	if (mkdirat(base_fd, own, PLACE_MODE) == -1 && errno != EEXIST)
		return -1;
	fd = open_of(base_fd, own, 0, geteuid());
	if (fd == -1 || prepare(fd, name) == 0)
		return fd;
	close(fd);
	return -1;
}

/* For clients that weren't told SUPERVISEDIR. */
static void leave_hint(const char *own, const char *base)
{
	char room[PATH_MAX], target[PATH_MAX];
	struct strb usual = strb_on(room, sizeof(room));
	struct strb path = strb_on(target, sizeof(target));

	strb_add_format(&path, "%s/%s", base, own);
	for (size_t i = 0; usual_base(i, geteuid(), &usual); i++) {
		int fd = -1;
		bool is_left;

		if (strcmp(room, base) == 0)
			return;
		if (*room)
			fd = open_usual_base(room, geteuid());
		if (fd == -1)
			continue;
		unlinkat(fd, own, 0); /* of an earlier choice */
		is_left = symlinkat(target, fd, own) == 0;
		close(fd);
		if (is_left)
			return;
	}
}

static int make_told(const char *own, const char *name)
{
	const char *base = told_base();
	int place_fd, base_fd = open_told_base(base);

	if (base_fd == -1)
		return -1;
	place_fd = make_in(base_fd, own, name);
	close(base_fd);
	if (place_fd != -1)
		leave_hint(own, base);
	return place_fd;
}

static int make_usual(const char *own, const char *name)
{
	char room[PATH_MAX];
	struct strb base = strb_on(room, sizeof(room));
	int place_fd = -1;

	for (size_t i = 0; place_fd == -1 && usual_base(i, geteuid(), &base);
	     i++) {
		int base_fd = *room ? open_usual_base(room, geteuid()) : -1;

		if (base_fd == -1)
			continue;
		place_fd = make_in(base_fd, own, name);
		close(base_fd);
	}
	return place_fd;
}

/* Where another mount of the directory can be written, as in the container that
 * it was made in, somebody may be at work there. */
static bool is_hosted_there(int dir_fd, const char *name)
{
	char room[NAME_MAX + sizeof("/lock")];
	struct strb path = strb_on(room, sizeof(room));
	bool result;
	int fd;

	strb_add_format(&path, "%s/lock", name);
	fd = openat(dir_fd, room, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1)
		return false;
	result = flock(fd, LOCK_SH | LOCK_NB) == -1 && errno == EWOULDBLOCK;
	close(fd);
	return result;
}

/* One that is there, and that another user can write, may be in use; that takes
 * somebody who says otherwise. */
static bool may_be_elsewhere(int dir_fd, const char *name, int error)
{
	struct stat status;

	if (error != EROFS && error != EACCES && error != EPERM)
		return false;
	return error == EROFS || told_base() ||
	       fstatat(dir_fd, name, &status, 0) == -1 ||
	       state_place_is_sealed(dir_fd, name);
}

int state_place_make(int dir_fd, const char *name, int error)
{
	char own[PATH_MAX];
	int fd;

	if (!may_be_elsewhere(dir_fd, name, error) || !name_of(dir_fd, own)) {
		errno = error;
		return -1;
	}
	if (is_hosted_there(dir_fd, name)) {
		errno = EAGAIN;
		return -1;
	}
	fd = told_base() ? make_told(own, name) : make_usual(own, name);
	if (fd == -1)
		errno = error;
	return fd;
}

void state_place_link(int dir_fd, const char *name)
{
	const char *base = told_base();
	char own[PATH_MAX], target[PATH_MAX];
	struct strb path = strb_on(target, sizeof(target));
	struct stat status;

	if (!base || fstatat(dir_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 ||
	    !name_of(dir_fd, own))
		return;
	strb_add_format(&path, "%s/%s", base, own);
	if (strcmp(name, SUPERVISE_DIR) != 0)
		strb_add_format(&path, "/%s", name);
	if (!path.is_cut)
		(void)symlinkat(target, dir_fd, name);
}

/* ---- finding ---- */

/* Who may have made a place that this process believes in: its own user, root,
 * and whose container this is. */
static size_t believed(uid_t uids[3])
{
	struct stat first;
	size_t count = 0;

	uids[count++] = geteuid();
	if (geteuid() != 0)
		uids[count++] = 0;
	if (stat("/proc/1", &first) == 0 && first.st_uid != 0 &&
	    first.st_uid != geteuid())
		uids[count++] = first.st_uid;
	return count;
}

static bool is_base_of(const char *base, uid_t uid)
{
	struct stat status;

	return lstat(base, &status) == 0 && S_ISDIR(status.st_mode) &&
	       status.st_uid == uid &&
	       (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* By its path: who may search a directory may not be able to open it. */
static int open_in(const char *base, const char *own)
{
	char room[PATH_MAX];
	struct strb path = strb_on(room, sizeof(room));

	strb_add_format(&path, "%s/%s", base, own);
	errno = ENOENT;
	return path.is_cut ? -1 : open_directory(AT_FDCWD, room, 0);
}

static int find_usual(const char *own, uid_t uid)
{
	char room[PATH_MAX];
	struct strb base = strb_on(room, sizeof(room));

	for (size_t i = 0; usual_base(i, uid, &base); i++) {
		int fd = -1;

		if (!*room || !is_base_of(room, uid))
			continue;
		fd = open_in(room, own);
		if (fd != -1 && is_of(fd, uid))
			return fd;
		if (fd != -1)
			close(fd);
		else if (errno == EACCES)
			return -1;
	}
	errno = ENOENT;
	return -1;
}

/* Whether the directory holds it itself, and a supervisor could use it. */
static bool is_in_itself(int dir_fd, const char *name)
{
	struct stat status;

	return fstatat(dir_fd, name, &status, 0) == 0 &&
	       !state_place_is_sealed(dir_fd, name);
}

int state_place_find(int dir_fd, const char *name)
{
	const char *base = told_base();
	char own[PATH_MAX];
	uid_t uids[3];
	size_t count;
	int fd = -1;

	errno = ENOENT;
	if (is_in_itself(dir_fd, name) || !name_of(dir_fd, own)) {
		errno = ENOENT;
		return -1;
	}
	errno = ENOENT;
	if (base)
		fd = open_in(base, own);
	count = believed(uids);
	for (size_t i = 0; fd == -1 && errno == ENOENT && i < count; i++)
		fd = find_usual(own, uids[i]);
	return fd;
}

bool state_place_has_room(void)
{
	char room[PATH_MAX];
	struct strb base = strb_on(room, sizeof(room));

	if (told_base())
		return true;
	for (size_t i = 0; usual_base(i, geteuid(), &base); i++) {
		if (!*room)
			continue;
		if (access(room, F_OK) == 0) {
			if (is_base_of(room, geteuid()) &&
			    access(room, W_OK) == 0)
				return true;
			continue;
		}
		*strrchr(room, '/') = '\0';
		if (access(room, W_OK) == 0)
			return true;
	}
	return false;
}

int state_place_open(int dir_fd, const char *name, int (*open_it)(int dir_fd))
{
	int error, state_fd, fd = open_it(dir_fd);

	if (fd != -1 || (errno != ENOENT && errno != ENXIO))
		return fd;
	error = errno;
	state_fd = state_place_find(dir_fd, name);
	if (state_fd == -1) {
		errno = errno == EACCES ? EACCES : error;
		return -1;
	}
	fd = open_it(state_fd);
	error = errno;
	close(state_fd);
	errno = error;
	return fd;
}
