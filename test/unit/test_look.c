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
#include "service/since.h"
#include "service/supervise_dir.h"

/* What the supervisor does while the one who looks pauses. */
static const struct dir *supervisor;
static int pauses, pauses_until_written;

static void write_state_of(const struct dir *dir, time_t second, bool is_failed,
			   int64_t up_ns)
{
	struct state state = {.version = STATE_VERSION,
			      .is_hosted = true,
			      .phase = "down",
			      .want = "down",
			      .is_failed = is_failed,
			      .changed_up_ns = up_ns,
			      .era.boot_id = "boot"};
	struct timespec moment = {.tv_sec = second};
	char text[STATE_SIZE_MAX];

	tai64n_format(moment, state.changed_at);
	state.changed_at[TAI64N_LABEL_SIZE] = '\0';
	write_file(dir, SUPERVISE_STATE, text, state_format(&state, text));
}

static void write_state(const struct dir *dir, time_t second, bool is_failed)
{
	write_state_of(dir, second, is_failed, 0);
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

/* Of a process that runs for three seconds svstat said "up 97431542 seconds".
 */
static void a_clock_that_was_set_changes_no_span(void **state)
{
	const struct dir *dir = *state;
	const struct since now = since_now();
	struct look look;
	int ok_fd = begin(dir, true);

	if (now.up_ns < 4000000000)
		skip();
	write_state_of(dir, 1000, false, now.up_ns - 3000000000);
	look_take(dir->fd, &look, NULL);
	assert_true(look.has_state);
	assert_in_range(look_seconds(&look), 3, 60);
	assert_in_range(now.at.tv_sec - look_since(&look).tv_sec, 2, 60);
	/* The record itself is what tells changes apart. */
	assert_int_equal(look.status.changed_at.tv_sec, 1000);
	close(ok_fd);
}

static void a_span_that_nobody_can_know_is_within_the_boot(void **state)
{
	const struct dir *dir = *state;
	const struct since now = since_now();
	struct look look;
	int ok_fd = begin(dir, true);

	if (now.up_ns == 0)
		skip();
	look_take(dir->fd, &look, NULL); /* as other suites leave it */
	assert_in_range(look_seconds(&look), 0, now.up_ns / 1000000000 + 60);
	write_state_of(dir, 1000, false, INT64_MAX); /* damaged */
	look_take(dir->fd, &look, NULL);
	assert_true(look.has_state);
	assert_int_equal(look_since(&look).tv_sec, 1000);
	close(ok_fd);
}

/* It may be of an earlier boot. */
static void what_nobody_supervises_is_as_on_record(void **state)
{
	const struct dir *dir = *state;
	struct look look;

	begin(dir, false);
	write_state_of(dir, 1000, false, 1);
	look_take(dir->fd, &look, NULL);
	assert_int_equal(look_since(&look).tv_sec, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		dir_test(it_waits_for_the_second_record),
		dir_test(it_does_not_wait_for_ever),
		dir_test(what_nobody_writes_is_not_waited_for),
		dir_test(what_was_left_behind_is_not_waited_for),
		dir_test(a_clock_that_was_set_changes_no_span),
		dir_test(a_span_that_nobody_can_know_is_within_the_boot),
		dir_test(what_nobody_supervises_is_as_on_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
