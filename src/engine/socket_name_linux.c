/* socket_name_linux.c -- see socket_name.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/self.h"
#include "base/strb.h"
#include "engine/socket_name.h"
#include "loop/loop.h"
#include "service/supervise_dir.h"

#define ROOM_DIR    "holdfast"
#define ROOT_PLACE  "/run"
#define USERS_PLACE "/run/user"
#define OPEN_PREFIX "@holdfast/"
#define SWEEP_AGE_S 60 /* a socket may be about to be bound */
#define ASIDE       ".left"

/* ---- directories ---- */

/* In the order in which they are tried. */
enum place { PLACE_ROOT, PLACE_XDG, PLACE_USER, PLACE_SERVICE, PLACE_COUNT };

/* Writes the directory that ours is in, or would be; false: there is none for
 * this user, or it is too long. */
static bool base_of(enum place place, uid_t uid, int dir_fd, struct strb *path)
{
	const bool is_root = uid == 0;
	const char *xdg = getenv("XDG_RUNTIME_DIR");
	char own[PATH_MAX];

	path->len = 0;
	switch (place) {
	case PLACE_ROOT:
		if (is_root)
			strb_add(path, ROOT_PLACE);
		break;
	case PLACE_XDG:
		if (!is_root && xdg && xdg[0] == '/')
			strb_add(path, xdg);
		break;
	case PLACE_USER:
		if (!is_root)
			strb_add_format(path, USERS_PLACE "/%u", (unsigned)uid);
		break;
	case PLACE_SERVICE:
		if (!is_root && self_path_of(dir_fd, own, sizeof(own)) == 0)
			strb_add(path, own);
		break;
	case PLACE_COUNT: break;
	}
	return path->len > 0 && !path->is_cut;
}

static void add_room(enum place place, struct strb *path)
{
	strb_add_format(path, "/%s",
			place == PLACE_SERVICE ? SUPERVISE_DIR : ROOM_DIR);
}

/* Whether nobody else can put something there. */
static bool is_ours(const struct stat *status, uid_t uid)
{
	return S_ISDIR(status->st_mode) && status->st_uid == uid &&
	       (status->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* That others may enter it, but not look around, is all that a service of
 * another user needs. */
static bool make_room(const char *base, const char *path, uid_t uid)
{
	struct stat status;

	if (stat(base, &status) == -1 || !is_ours(&status, uid))
		return false;
	if (mkdir(path, 0711) == 0)
		(void)chmod(path, 0711);
	return lstat(path, &status) == 0 && is_ours(&status, uid);
}

/* The directory, made if need be. False: it can't be had. */
static bool have_room(enum place place, uid_t uid, int dir_fd,
		      struct strb *path)
{
	char base[SOCKET_NAME_SIZE];
	struct stat status;

	if (!base_of(place, uid, dir_fd, path))
		return false;
	memcpy(base, path->data, path->len + 1);
	add_room(place, path);
	if (path->is_cut)
		return false;
	if (place == PLACE_SERVICE)
		return stat(path->data, &status) == 0 && is_ours(&status, uid);
	if (lstat(path->data, &status) == 0)
		return is_ours(&status, uid);
	return errno == ENOENT && make_room(base, path->data, uid);
}

/* ---- names ---- */

/* What the names of a service directory have in common. */
static void add_numbers(const struct stat *status, char end, struct strb *name)
{
	strb_add_format(name, "%llx.%llx%c", (unsigned long long)status->st_dev,
			(unsigned long long)status->st_ino, end);
}

socklen_t socket_name_address(const char *name, struct sockaddr_un *address)
{
	size_t len = strlen(name);

	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	if (len >= sizeof(address->sun_path))
		len = sizeof(address->sun_path) - 1;
	memcpy(address->sun_path, name, len);
	if (name[0] == '@')
		address->sun_path[0] = '\0';
	else
		len++;
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

static int bind_to(int fd, const char *name)
{
	struct sockaddr_un address;
	socklen_t size = socket_name_address(name, &address);

	return bind(fd, (struct sockaddr *)&address, size);
}

/* Who may reach it is decided by the directory. */
static int bind_path(int fd, const char *path)
{
	int error;

	if (bind_to(fd, path) == -1)
		return -1;
	if (chmod(path, 0666) == 0)
		return 0;
	error = errno;
	unlink(path);
	errno = error;
	return -1;
}

int socket_name_make(int fd, int dir_fd, char name[SOCKET_NAME_SIZE])
{
	const unsigned long long moment = (unsigned long long)loop_now_ns();
	const uid_t uid = geteuid();
	struct strb text = strb_on(name, SOCKET_NAME_SIZE);
	struct stat status;

	if (fstat(dir_fd, &status) == -1)
		return -1;
	for (enum place place = 0; place < PLACE_COUNT; place++) {
		text = strb_on(name, SOCKET_NAME_SIZE);
		if (!have_room(place, uid, dir_fd, &text))
			continue;
		strb_add(&text, "/");
		add_numbers(&status, '.', &text);
		strb_add_format(&text, "%llx", moment);
		if (!text.is_cut && bind_path(fd, name) == 0)
			return 0;
	}
	text = strb_on(name, SOCKET_NAME_SIZE);
	strb_add(&text, OPEN_PREFIX);
	add_numbers(&status, '/', &text);
	strb_add_format(&text, "%llx", moment);
	return bind_to(fd, name);
}

bool socket_name_is_open(const char *name)
{
	return name[0] == '@';
}

void socket_name_remove(const char *name)
{
	if (!socket_name_is_open(name))
		unlink(name);
}

static bool has_beginning(const char *name, const struct strb *beginning)
{
	return !beginning->is_cut &&
	       strncmp(name, beginning->data, beginning->len) == 0 &&
	       !strchr(name + beginning->len, '/');
}

bool socket_name_is_of(const char *name, int dir_fd)
{
	char room[SOCKET_NAME_SIZE];
	struct strb text = strb_on(room, sizeof(room));
	struct stat status;

	if (fstat(dir_fd, &status) == -1)
		return false;
	strb_add(&text, OPEN_PREFIX);
	add_numbers(&status, '/', &text);
	if (has_beginning(name, &text))
		return true;
	for (enum place place = 0; place < PLACE_COUNT; place++) {
		text = strb_on(room, sizeof(room));
		if (!base_of(place, geteuid(), dir_fd, &text))
			continue;
		add_room(place, &text);
		strb_add(&text, "/");
		add_numbers(&status, '.', &text);
		if (has_beginning(name, &text))
			return true;
	}
	return false;
}

/* Whether its directory is one that nobody else can write to; it is made anew
 * if it was cleared away. */
static bool has_room(const char *name, int dir_fd)
{
	char room[SOCKET_NAME_SIZE];

	for (enum place place = 0; place < PLACE_COUNT; place++) {
		struct strb path = strb_on(room, sizeof(room));

		if (base_of(place, geteuid(), dir_fd, &path)) {
			add_room(place, &path);
			strb_add(&path, "/");
			if (has_beginning(name, &path))
				return have_room(place, geteuid(), dir_fd,
						 &path);
		}
	}
	return false;
}

int socket_name_take(int fd, int dir_fd, const char *name)
{
	if (socket_name_is_open(name))
		return bind_to(fd, name);
	errno = EACCES;
	if (!has_room(name, dir_fd))
		return -1;
	unlink(name);
	return bind_path(fd, name);
}

bool socket_name_is_there(const char *name)
{
	struct stat status;

	return socket_name_is_open(name) ||
	       (lstat(name, &status) == 0 && S_ISSOCK(status.st_mode));
}

/* ---- what was left ---- */

/* Nobody listens there, and it isn't new. */
static bool is_left(const char *name, const struct stat *status)
{
	struct timespec now;
	struct sockaddr_un address;
	socklen_t size = socket_name_address(name, &address);
	bool is_refused;
	int fd;

	clock_gettime(CLOCK_REALTIME, &now);
	if (!S_ISSOCK(status->st_mode) ||
	    now.tv_sec - status->st_mtim.tv_sec < SWEEP_AGE_S)
		return false;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return false;
	is_refused = connect(fd, (struct sockaddr *)&address, size) == -1 &&
		     errno == ECONNREFUSED;
	close(fd);
	return is_refused;
}

/*
 * It may have been bound anew since it was looked at: then it gets its name
 * back. Whatever happens to have the other name is a socket that was left, too.
 */
static void remove_left(const char *name, const struct stat *left)
{
	char room[SOCKET_NAME_SIZE + sizeof(ASIDE)];
	struct strb aside = strb_on(room, sizeof(room));
	struct stat now;

	strb_add_format(&aside, "%s" ASIDE, name);
	if (rename(name, room) == -1 || lstat(room, &now) == -1)
		return;
	if (now.st_ino == left->st_ino)
		unlink(room);
	else
		rename(room, name);
}

static void sweep(const char *path)
{
	DIR *names = opendir(path);
	struct dirent *each;

	while (names && (each = readdir(names))) {
		char room[SOCKET_NAME_SIZE];
		struct strb name = strb_on(room, sizeof(room));
		struct stat status;

		strb_add_format(&name, "%s/%s", path, each->d_name);
		if (!name.is_cut && lstat(room, &status) == 0 &&
		    is_left(room, &status))
			remove_left(room, &status);
	}
	if (names)
		closedir(names);
}

void socket_name_sweep(void)
{
	for (enum place place = 0; place < PLACE_SERVICE; place++) {
		char room[SOCKET_NAME_SIZE];
		struct strb path = strb_on(room, sizeof(room));
		struct stat status;

		if (!base_of(place, geteuid(), -1, &path))
			continue;
		add_room(place, &path);
		if (!path.is_cut && lstat(room, &status) == 0 &&
		    is_ours(&status, geteuid()))
			sweep(room);
	}
}
