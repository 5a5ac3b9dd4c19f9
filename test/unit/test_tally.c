/* test_tally.c -- the last deaths of a service, in s6's file. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dir_fixture.h"
#include "random.h"
#include "service/tally.h"

static int set_up(void **state)
{
	struct dir *dir;

	dir_set_up(state);
	dir = *state;
	assert_int_equal(mkdirat(dir->fd, "supervise", 0755), 0);
	return 0;
}

#define tally_test(function)                                                   \
	cmocka_unit_test_setup_teardown(function, set_up, dir_tear_down)

static long size_of(const struct dir *dir)
{
	struct stat status;

	if (fstatat(dir->fd, TALLY_FILE, &status, 0) == -1)
		return -1;
	return (long)status.st_size;
}

/* The number of a death is all over it. */
static struct tally_death death_of(int number)
{
	return (struct tally_death){
		.at = {.tv_sec = 1700000000 + number, .tv_nsec = number},
		.exit_code = (uint8_t)(number % 2 == 0 ? number % 256 : 0),
		.signal_number = (uint8_t)(number % 2 == 0 ? 0 : number % 64),
	};
}

static void assert_same(const struct tally_death *a,
			const struct tally_death *b)
{
	assert_int_equal(a->at.tv_sec, b->at.tv_sec);
	assert_int_equal(a->at.tv_nsec, b->at.tv_nsec);
	assert_int_equal(a->exit_code, b->exit_code);
	assert_int_equal(a->signal_number, b->signal_number);
}

static void the_records_are_those_of_s6(void **state)
{
	/* Written by Debian's s6-supervise 2.11.3.2 on 22 November 2026; the
	 * second died of SIGSEGV. */
	static const unsigned char recorded[] = {
		0x40, 0x00, 0x00, 0x00, 0x6b, 0x03, 0x6c, 0x60, 0x21, 0x24,
		0x0c, 0x9f, 0x03, 0x00, 0x40, 0x00, 0x00, 0x00, 0x6b, 0x03,
		0x6c, 0x61, 0x03, 0x7c, 0xf6, 0xd3, 0x8b, 0x0b};
	const struct tally_death expected[] = {
		{.at = {.tv_sec = 0x6b036c60 - 37, .tv_nsec = 0x21240c9f},
		 .exit_code = 3},
		{.at = {.tv_sec = 0x6b036c61 - 37, .tv_nsec = 0x037cf6d3},
		 .signal_number = 11}};
	struct tally_death read[5];
	unsigned char again[2 * sizeof(recorded)];
	struct dir *dir = *state;
	int fd;

	write_file(dir, TALLY_FILE, recorded, sizeof(recorded));
	assert_int_equal(tally_read(dir->fd, read, 5), 2);
	assert_same(&read[0], &expected[0]);
	assert_same(&read[1], &expected[1]);
	assert_int_equal(unlinkat(dir->fd, TALLY_FILE, 0), 0);
	assert_int_equal(tally_add(dir->fd, &read[0], 100), 0);
	assert_int_equal(tally_add(dir->fd, &read[1], 100), 0);
	fd = openat(dir->fd, TALLY_FILE, O_RDONLY);
	assert_int_equal(pread(fd, again, sizeof(again), 0), sizeof(recorded));
	close(fd);
	assert_memory_equal(again, recorded, sizeof(recorded));
}

static void without_deaths_there_is_no_tally(void **state)
{
	struct dir *dir = *state;
	struct tally_death death = death_of(1), read[1];

	assert_int_equal(tally_read(dir->fd, read, 1), 0);
	assert_int_equal(tally_add(dir->fd, &death, 0), 0);
	assert_int_equal(size_of(dir), -1);
	assert_int_equal(tally_read(dir->fd, read, 0), 0);
	write_file(dir, TALLY_FILE, "", 0); /* as s6 begins */
	assert_int_equal(tally_read(dir->fd, read, 1), 0);
}

/* Whatever the limit and the number of deaths: the last ones, in order. */
static void the_last_deaths_are_kept_in_order(void **state)
{
	static const uint32_t limits[] = {1, 2, 3, 10, 100};
	struct dir *dir = *state;

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		uint32_t limit = limits[i];
		struct tally_death read[120];

		for (int number = 0; number < 110; number++) {
			struct tally_death death = death_of(number), last;
			int kept = number + 1 < (int)limit ? number + 1
							   : (int)limit;

			assert_int_equal(tally_add(dir->fd, &death, limit), 0);
			assert_int_equal(size_of(dir),
					 kept * TALLY_RECORD_SIZE);
			assert_int_equal(tally_read(dir->fd, read, 120), kept);
			for (int j = 0; j < kept; j++) {
				last = death_of(number - kept + 1 + j);
				assert_same(&read[j], &last);
			}
			/* A reader with little room gets the latest. */
			assert_int_equal(tally_read(dir->fd, read, 1), 1);
			last = death_of(number);
			assert_same(&read[0], &last);
		}
		assert_int_equal(unlinkat(dir->fd, TALLY_FILE, 0), 0);
	}
}

static void a_limit_that_shrinks_or_grows_takes_effect(void **state)
{
	struct dir *dir = *state;
	struct tally_death death = death_of(7);

	for (int i = 0; i < 50; i++)
		assert_int_equal(tally_add(dir->fd, &death, 100), 0);
	assert_int_equal(tally_add(dir->fd, &death, 5), 0);
	assert_int_equal(size_of(dir), 5 * TALLY_RECORD_SIZE);
	assert_int_equal(tally_add(dir->fd, &death, 100), 0);
	assert_int_equal(size_of(dir), 6 * TALLY_RECORD_SIZE);
}

static void no_tally_outgrows_the_greatest(void **state)
{
	struct dir *dir = *state;
	struct tally_death death = death_of(9), read[2];
	static unsigned char full[(TALLY_MAX + 7) * TALLY_RECORD_SIZE];

	write_file(dir, TALLY_FILE, full, sizeof(full));
	assert_int_equal(tally_add(dir->fd, &death, UINT32_MAX), 0);
	assert_int_equal(size_of(dir), TALLY_MAX * TALLY_RECORD_SIZE);
	assert_int_equal(tally_add(dir->fd, &death, TALLY_MAX), 0);
	assert_int_equal(size_of(dir), TALLY_MAX * TALLY_RECORD_SIZE);
	assert_int_equal(tally_read(dir->fd, read, 2), 2);
	assert_same(&read[1], &death);
	assert_same(&read[0], &death);
}

static void damage_costs_no_more_than_is_damaged(void **state)
{
	struct dir *dir = *state;
	uint32_t seed = 1;

	for (int size = 0; size < 100; size++) {
		unsigned char bytes[100];
		struct tally_death death = death_of(size), read[20];
		int whole = size / TALLY_RECORD_SIZE;

		fill_random(&seed, bytes, (size_t)size);
		write_file(dir, TALLY_FILE, bytes, (size_t)size);
		assert_int_equal(tally_read(dir->fd, read, 20), whole);
		assert_int_equal(tally_add(dir->fd, &death, 20), 0);
		assert_int_equal(size_of(dir), (whole + 1) * TALLY_RECORD_SIZE);
		assert_int_equal(tally_read(dir->fd, read, 20), whole + 1);
		assert_same(&read[whole], &death);
	}
}

static void what_fails_leaves_the_old_tally(void **state)
{
	struct dir *dir = *state;
	struct tally_death death = death_of(3), read[3];

	assert_int_equal(tally_add(dir->fd, &death, 10), 0);
	/* Nothing can be made beside it; what has room needs nothing. */
	assert_int_equal(mkdirat(dir->fd, TALLY_FILE ".new", 0700), 0);
	assert_int_equal(tally_add(dir->fd, &death, 1), -1);
	assert_int_equal(tally_read(dir->fd, read, 3), 1);
	assert_int_equal(tally_add(dir->fd, &death, 2), 0);
	assert_int_equal(tally_add(dir->fd, &death, 2), -1);
	assert_int_equal(tally_read(dir->fd, read, 3), 2);
	assert_int_equal(tally_add(-1, &death, 10), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(tally_read(-1, read, 3), -1);
	assert_int_equal(errno, EBADF);
}

/* Somebody may have put a link there, to a file that isn't ours. */
static void links_are_replaced_and_not_followed(void **state)
{
	struct dir *dir = *state;
	struct tally_death death = death_of(4), read[3];

	for (int i = 0; i < 2; i++) {
		write_file(dir, "other", "", 0);
		if (i == 0)
			assert_int_equal(
				symlinkat("../other", dir->fd, TALLY_FILE), 0);
		else
			assert_int_equal(linkat(dir->fd, "other", dir->fd,
						TALLY_FILE, 0),
					 0);
		assert_int_equal(tally_add(dir->fd, &death, 10), 0);
		assert_int_equal(tally_read(dir->fd, read, 3), 1);
		assert_true(S_ISREG(mode_of(dir, TALLY_FILE)));
		assert_int_equal(unlinkat(dir->fd, TALLY_FILE, 0), 0);
		assert_int_equal(
			renameat(dir->fd, "other", dir->fd, TALLY_FILE), 0);
		assert_int_equal(size_of(dir), 0);
		assert_int_equal(unlinkat(dir->fd, TALLY_FILE, 0), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tally_test(the_records_are_those_of_s6),
		tally_test(without_deaths_there_is_no_tally),
		tally_test(the_last_deaths_are_kept_in_order),
		tally_test(a_limit_that_shrinks_or_grows_takes_effect),
		tally_test(no_tally_outgrows_the_greatest),
		tally_test(damage_costs_no_more_than_is_damaged),
		tally_test(what_fails_leaves_the_old_tally),
		tally_test(links_are_replaced_and_not_followed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
