/*
 * dir_fixture.h -- a service directory of its own for each test. Include after
 * cmocka.h.
 */
#ifndef TEST_DIR_FIXTURE_H
#define TEST_DIR_FIXTURE_H

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct dir {
	char path[200];
	int fd;
};

static inline int remove_one(const char *path, const struct stat *status,
			     int kind, struct FTW *where)
{
	(void)status;
	(void)kind;
	(void)where;
	return remove(path);
}

/* A cmocka setup function: *state is a struct dir, of a new directory. */
static inline int dir_set_up(void **state)
{
	const char *room = getenv("TMPDIR");
	struct dir *dir = calloc(1, sizeof(*dir));

	assert_non_null(dir);
	snprintf(dir->path, sizeof(dir->path), "%s/unit-XXXXXX",
		 room ? room : "/tmp");
	assert_non_null(mkdtemp(dir->path));
	dir->fd = open(dir->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_not_equal(dir->fd, -1);
	*state = dir;
	return 0;
}

/* The teardown: everything in it goes. */
static inline int dir_tear_down(void **state)
{
	struct dir *dir = *state;

	close(dir->fd);
	nftw(dir->path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(dir);
	return 0;
}

#define dir_test(function)                                                     \
	cmocka_unit_test_setup_teardown(function, dir_set_up, dir_tear_down)

static inline void write_file(const struct dir *dir, const char *name,
			      const void *bytes, size_t count)
{
	int fd = openat(dir->fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, bytes, count), (ssize_t)count);
	close(fd);
}

static inline mode_t mode_of(const struct dir *dir, const char *name)
{
	struct stat status;

	assert_int_equal(fstatat(dir->fd, name, &status, AT_SYMLINK_NOFOLLOW),
			 0);
	return status.st_mode;
}

#endif
