/* test_mounts.c -- which paths lead to a file system that may hang. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mounts.h"
#include "dir_fixture.h"

/* "far" and "deep/er" in the directory stand for such mounts. They aren't even
 * there: none is looked at. */
static struct mounts mounts_below(const struct dir *dir)
{
	struct mounts mounts = {.places = malloc(2 * sizeof(dir->path) + 20)};

	assert_non_null(mounts.places);
	mounts.len = (size_t)sprintf(mounts.places, "%s/far", dir->path) + 1;
	mounts.len += (size_t)sprintf(mounts.places + mounts.len, "%s/deep/er",
				      dir->path) +
		      1;
	return mounts;
}

/* The place below the directory that `path`, also below it, leads to; NULL:
 * none.
 */
static void check(const struct dir *dir, const char *path, const char *place)
{
	struct mounts mounts = mounts_below(dir);
	char full[400], expected[400], found[PATH_MAX];

	snprintf(full, sizeof(full), "%s/%s", dir->path, path);
	snprintf(expected, sizeof(expected), "%s/%s", dir->path,
		 place ? place : "");
	assert_int_equal(mounts_follow(&mounts, full, 0, found) ==
				 MOUNTS_REMOTE,
			 place != NULL);
	/* What is known already need not be looked at. */
	assert_int_equal(mounts_follow(&mounts, full, strlen(dir->path),
				       found) == MOUNTS_REMOTE,
			 place != NULL);
	if (place)
		assert_string_equal(found, expected);
	mounts_free(&mounts);
}

static void link_to(const struct dir *dir, const char *target, const char *name)
{
	assert_int_equal(symlinkat(target, dir->fd, name), 0);
}

static void a_path_leads_where_its_links_lead(void **state)
{
	struct dir *dir = *state;
	char far[300];

	snprintf(far, sizeof(far), "%s/far/run", dir->path);
	assert_int_equal(mkdirat(dir->fd, "deep", 0700), 0);
	assert_int_equal(mkdirat(dir->fd, "service", 0700), 0);
	link_to(dir, far, "absolute");
	link_to(dir, "far", "relative");
	link_to(dir, "absolute", "twice");
	link_to(dir, "../deep/er/run", "service/run");
	link_to(dir, "loop", "loop");
	link_to(dir, "deep", "local");

	check(dir, "far", "far");
	check(dir, "far/away", "far");
	check(dir, "faraway", NULL);
	check(dir, "deep", NULL);
	check(dir, "deep/./er/../x", "deep/er");
	check(dir, "absolute", "far");
	check(dir, "relative/x", "far");
	check(dir, "twice", "far");
	check(dir, "service/run", "deep/er");
	check(dir, "service/../local/er", "deep/er");
	check(dir, "loop", NULL);
	check(dir, "missing/../far", NULL); /* as the kernel has it */
	check(dir, "service", NULL);
}

static void a_local_path_is_told_without_its_links(void **state)
{
	struct dir *dir = *state;
	struct mounts mounts = mounts_below(dir);
	char path[300], found[PATH_MAX], expected[300];

	assert_int_equal(mkdirat(dir->fd, "deep", 0700), 0);
	link_to(dir, "./deep/", "link");
	snprintf(path, sizeof(path), "%s/link/file", dir->path);
	snprintf(expected, sizeof(expected), "%s/deep/file", dir->path);
	assert_int_equal(mounts_follow(&mounts, path, 0, found),
			 MOUNTS_NOWHERE);
	write_file(dir, "deep/file", "", 0);
	assert_int_equal(mounts_follow(&mounts, path, 0, found), MOUNTS_LOCAL);
	assert_string_equal(found, expected);
	mounts_leave_out(&mounts, expected); /* it isn't there */
	snprintf(path, sizeof(path), "%s/far", dir->path);
	assert_true(mounts_has(&mounts, path));
	mounts_leave_out(&mounts, path);
	assert_false(mounts_has(&mounts, path));
	mounts_free(&mounts);
}

/* Those of this machine can be told, whatever they are. */
static void all_places_are_paths(void **state)
{
	struct mounts mounts = {.len = 0};
	char out[PATH_MAX];

	(void)state;
	if (mounts_read(&mounts) == -1)
		skip();
	for (size_t i = 0; i < mounts.len; i += strlen(mounts.places + i) + 1)
		assert_int_equal(mounts.places[i], '/');
	assert_int_equal(mounts_follow(&mounts, "/", 0, out), MOUNTS_LOCAL);
	mounts_free(&mounts);
	assert_int_equal(mounts.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		dir_test(a_path_leads_where_its_links_lead),
		dir_test(a_local_path_is_told_without_its_links),
		cmocka_unit_test(all_places_are_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
