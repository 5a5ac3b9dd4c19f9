/* test_look.c -- a look at two records of which one is about to be replaced. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/tai64n.h"
#include "client/look.h"
#include "dir_fixture.h"
#include "service/supervise_dir.h"

/* What the supervisor does while the one who looks pauses. */
static const struct dir *supervisor;
static int pauses, pauses_until_written;

static void write_state(const struct dir *dir, time_t second, bool is_failed)
{
	struct state state = {.version = STATE_VERSION,
			      .is_hosted = true,
			      .phase = "down",
			      .want = "down",
			      .is_failed = is_failed,
			      .boot_id = "boot"};
	struct timespec moment = {.tv_sec = second};
	char text[STATE_SIZE_MAX];

	tai64n_format(moment, state.changed_at);
	state.changed_at[TAI64N_LABEL_SIZE] = '\0';
	write_file(dir, SUPERVISE_STATE, text, state_format(&state, text));
}

static void write_status(const struct dir *dir, time_t second)
{
	struct status status = {.changed_at = {.tv_sec = second},
				.wanted = 'd'};
	unsigned char record[STATUS_SIZE];

	status_pack(&status, record);
	write_file(dir, SUPERVISE_STATUS, record, sizeof(record));
}

int __wrap_nanosleep(const struct timespec *span, struct timespec *left);
int __wrap_nanosleep(const struct timespec *span, struct timespec *left)
{
	(void)span;
	(void)left;
	if (++pauses == pauses_until_written)
		write_status(supervisor, 2000);
	return 0;
}

static int begin(const struct dir *dir, bool is_hosted)
{
	supervisor = dir;
	pauses = pauses_until_written = 0;
	assert_true(supervise_dir_make(dir->fd));
	write_status(dir, 1000);
	if (!is_hosted)
		return -1;
	return supervise_dir_open_fifo(dir->fd, SUPERVISE_OK, 0600);
}

static void it_waits_for_the_second_record(void **state)
{
	const struct dir *dir = *state;
	struct look look;
	int ok_fd = begin(dir, true);

	write_state(dir, 2000, true);
	pauses_until_written = 3;
	look_take(dir->fd, &look, NULL);
	assert_null(look.trouble);
	assert_true(look.has_state);
	assert_true(look.state.is_failed);
	assert_int_equal(look.status.changed_at.tv_sec, 2000);
	assert_int_equal(pauses, 3);
	close(ok_fd);
}

static void it_does_not_wait_for_ever(void **state)
{
	const struct dir *dir = *state;
	struct look look;
	int ok_fd = begin(dir, true);

	write_state(dir, 2000, true);
	look_take(dir->fd, &look, NULL);
	assert_true(look.has_status);
	assert_false(look.has_state);
	assert_false(look.state.is_failed);
	assert_in_range(pauses, 1, 1000);
	close(ok_fd);
}

static void what_nobody_writes_is_not_waited_for(void **state)
{
	const struct dir *dir = *state;
	struct look look;

	begin(dir, false);
	write_state(dir, 2000, true);
	look_take(dir->fd, &look, NULL);
	assert_false(look.has_state);
	assert_int_equal(pauses, 0);
}

/* A supervisor of another suite keeps no state. */
static void what_was_left_behind_is_not_waited_for(void **state)
{
	const struct dir *dir = *state;
	struct look look;
	int ok_fd = begin(dir, true);

	write_state(dir, 500, true);
	look_take(dir->fd, &look, NULL);
	assert_true(look.has_status);
	assert_false(look.has_state);
	assert_int_equal(pauses, 0);
	close(ok_fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		dir_test(it_waits_for_the_second_record),
		dir_test(it_does_not_wait_for_ever),
		dir_test(what_nobody_writes_is_not_waited_for),
		dir_test(what_was_left_behind_is_not_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
