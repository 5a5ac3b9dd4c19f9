/* test_trust.c -- who could have written what is on record. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dir_fixture.h"
#include "service/supervise_dir.h"
#include "service/trust.h"

#define NOBODY 65534

static const char text[] = "pid=1\n";

static bool is_trusted(const struct dir *dir)
{
	const struct trust_place place = {.dir_fd = dir->fd};
	char found[20];
	bool result = true;

	assert_int_equal(
		trust_read(&place, "state", found, sizeof(found), &result),
		sizeof(text) - 1);
	assert_memory_equal(found, text, sizeof(text) - 1);
	return result;
}

static void set_up(const struct dir *dir)
{
	assert_true(supervise_dir_make(dir->fd));
	write_file(dir, SUPERVISE_STATE, text, sizeof(text) - 1);
}

static void change_mode(const struct dir *dir, const char *name, mode_t mode)
{
	assert_int_equal(fchmodat(dir->fd, name, mode, 0), 0);
}

static void what_only_we_can_write_is_trusted(void **state)
{
	static const mode_t modes[] = {0700, 0710, 0711, 0755, 01755, 02750};
	const struct dir *dir = *state;
	const struct trust_place place = {.dir_fd = dir->fd};

	set_up(dir);
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		change_mode(dir, SUPERVISE_DIR, modes[i]);
		assert_true(is_trusted(dir));
		assert_true(trust_place(&place));
	}
	change_mode(dir, SUPERVISE_STATE, 0644);
	assert_true(is_trusted(dir));
}

static void what_others_can_write_is_not(void **state)
{
	static const struct {
		const char *name;
		mode_t mode, before;
	} cases[] = {
		{SUPERVISE_DIR, 0770, 0700},
		{SUPERVISE_DIR, 0702, 0700},
		/* They can't take ours away, but put a name where none is. */
		{SUPERVISE_DIR, 01777, 0700},
		{SUPERVISE_STATE, 0620, 0600},
		{SUPERVISE_STATE, 0602, 0600},
	};
	const struct dir *dir = *state;

	set_up(dir);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		change_mode(dir, cases[i].name, cases[i].mode);
		assert_false(is_trusted(dir));
		change_mode(dir, cases[i].name, cases[i].before);
		assert_true(is_trusted(dir));
	}
}

static void what_others_own_is_not(void **state)
{
	static const char *const names[] = {SUPERVISE_DIR, SUPERVISE_STATE};
	const struct dir *dir = *state;

	if (geteuid() != 0)
		skip();
	set_up(dir);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
			fchownat(dir->fd, names[i], NOBODY, (gid_t)-1, 0), 0);
		assert_false(is_trusted(dir));
		assert_int_equal(fchownat(dir->fd, names[i], 0, (gid_t)-1, 0),
				 0);
		assert_true(is_trusted(dir));
	}
}

static void users_trust_themselves_and_root(void **state)
{
	const struct dir *dir = *state;
	int fd;

	if (geteuid() != 0)
		skip();
	set_up(dir);
	fd = openat(dir->fd, SUPERVISE_DIR, O_RDONLY | O_CLOEXEC);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(seteuid(NOBODY), 0);
		assert_true(trust_directory(fd, false));
		assert_int_equal(seteuid(0), 0);
		assert_int_equal(trust_directory(fd, false), i == 0);
		assert_int_equal(fchown(fd, NOBODY, (gid_t)-1), 0);
	}
	close(fd);
}

static void a_second_name_is_elsewhere(void **state)
{
	const struct dir *dir = *state;

	set_up(dir);
	assert_int_equal(linkat(dir->fd, SUPERVISE_STATE, dir->fd, "other", 0),
			 0);
	assert_false(is_trusted(dir));
}

/* "supervise" may be a link; what counts is where it leads. */
static void links_lead_to_directories_only(void **state)
{
	const struct dir *dir = *state;
	const struct trust_place place = {.dir_fd = dir->fd};
	char found[20];
	bool result;

	set_up(dir);
	assert_int_equal(renameat(dir->fd, SUPERVISE_DIR, dir->fd, "run"), 0);
	assert_int_equal(symlinkat("run", dir->fd, SUPERVISE_DIR), 0);
	assert_true(is_trusted(dir));
	change_mode(dir, "run", 0777);
	assert_false(is_trusted(dir));
	change_mode(dir, "run", 0700);
	assert_int_equal(
		renameat(dir->fd, "run/state", dir->fd, "run/elsewhere"), 0);
	assert_int_equal(symlinkat("elsewhere", dir->fd, "run/state"), 0);
	result = true;
	assert_int_equal(
		trust_read(&place, "state", found, sizeof(found), &result), -1);
	assert_int_equal(errno, ELOOP);
	assert_false(result);
}

static void what_is_within_another_counts_with_it(void **state)
{
	const struct dir *dir = *state;
	struct trust_place place = {.is_within = true};

	set_up(dir);
	assert_int_equal(mkdirat(dir->fd, "supervise/log", 0700), 0);
	assert_int_equal(mkdirat(dir->fd, "supervise/log/supervise", 0700), 0);
	place.dir_fd = openat(dir->fd, "supervise/log",
			      O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(trust_place(&place));
	change_mode(dir, "supervise/log", 0770);
	assert_false(trust_place(&place));
	change_mode(dir, "supervise/log", 0700);
	change_mode(dir, SUPERVISE_DIR, 0770);
	assert_false(trust_place(&place));
	place.is_within = false;
	assert_true(trust_place(&place));
	close(place.dir_fd);
}

static void what_is_no_file_says_nothing(void **state)
{
	const struct dir *dir = *state;
	const struct trust_place place = {.dir_fd = dir->fd};
	char found[20];
	bool result;

	assert_false(trust_place(&place)); /* there is none */
	assert_true(supervise_dir_make(dir->fd));
	assert_int_equal(
		trust_read(&place, "state", found, sizeof(found), &result), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(mkfifoat(dir->fd, SUPERVISE_STATE, 0600), 0);
	assert_int_equal(
		trust_read(&place, "state", found, sizeof(found), &result), 0);
	assert_false(result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		dir_test(what_only_we_can_write_is_trusted),
		dir_test(what_others_can_write_is_not),
		dir_test(what_others_own_is_not),
		dir_test(users_trust_themselves_and_root),
		dir_test(a_second_name_is_elsewhere),
		dir_test(links_lead_to_directories_only),
		dir_test(what_is_within_another_counts_with_it),
		dir_test(what_is_no_file_says_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
