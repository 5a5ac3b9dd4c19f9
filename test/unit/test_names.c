/* test_names.c -- all names of a directory, however many there are. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/names.h"
#include "dir_fixture.h"

#define MANY 500

struct seen {
	unsigned count[MANY];
	unsigned others;
	enum names_kind kind; /* of the last */
};

static void take_numbered(void *owner, const char *name, enum names_kind kind)
{
	struct seen *seen = owner;
	unsigned long number = strtoul(name, NULL, 10);

	seen->kind = kind;
	if (number > 0 && number < MANY)
		seen->count[number]++;
	else
		seen->others++;
}

static void every_name_comes_once(void **state)
{
	struct dir *dir = *state;
	struct seen seen = {.others = 0};

	assert_int_equal(names_each(dir->fd, take_numbered, &seen), 0);
	assert_int_equal(seen.others, 0);
	for (int i = 1; i < MANY; i++) {
		char name[64];

		/* Long names, so that more than one call is needed. */
		snprintf(name, sizeof(name), "%d-%.40s", i,
			 "0123456789012345678901234567890123456789");
		write_file(dir, name, "", 0);
	}
	/* Twice: the position of the descriptor doesn't count. */
	for (unsigned pass = 1; pass <= 2; pass++) {
		assert_int_equal(names_each(dir->fd, take_numbered, &seen), 0);
		assert_int_equal(seen.others, 0);
		for (int i = 1; i < MANY; i++)
			assert_int_equal(seen.count[i], pass);
	}
}

/* What kind a name is, where it is told, is true. */
static void check_kind(const struct dir *dir, enum names_kind expected)
{
	struct seen seen = {.kind = NAMES_UNKNOWN};

	assert_int_equal(names_each(dir->fd, take_numbered, &seen), 0);
	assert_int_equal(seen.others, 1);
	if (seen.kind != NAMES_UNKNOWN)
		assert_int_equal(seen.kind, expected);
	assert_true(unlinkat(dir->fd, "x", 0) == 0 ||
		    unlinkat(dir->fd, "x", AT_REMOVEDIR) == 0);
}

static void kinds_are_true_where_they_are_told(void **state)
{
	struct dir *dir = *state;

	write_file(dir, "x", "", 0);
	check_kind(dir, NAMES_FILE);
	assert_int_equal(mkdirat(dir->fd, "x", 0700), 0);
	check_kind(dir, NAMES_DIRECTORY);
	assert_int_equal(mkfifoat(dir->fd, "x", 0600), 0);
	check_kind(dir, NAMES_OTHER);
	assert_int_equal(symlinkat(".", dir->fd, "x"), 0);
	check_kind(dir, NAMES_UNKNOWN);
}

static void what_is_no_directory_is_an_error(void **state)
{
	struct dir *dir = *state;
	struct seen seen = {.others = 0};
	int fd;

	assert_int_equal(names_each(-1, take_numbered, &seen), -1);
	assert_int_equal(errno, EBADF);
	write_file(dir, "file", "", 0);
	fd = openat(dir->fd, "file", O_RDONLY);
	assert_int_equal(names_each(fd, take_numbered, &seen), -1);
	assert_int_equal(errno, ENOTDIR);
	close(fd);
	assert_int_equal(seen.others, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		dir_test(every_name_comes_once),
		dir_test(kinds_are_true_where_they_are_told),
		dir_test(what_is_no_directory_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
