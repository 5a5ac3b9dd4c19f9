/* test_recall.c -- what no supervisor wrote does no harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dir_fixture.h"
#include "engine/recall.h"
#include "service/state.h"
#include "service/status.h"
#include "service/supervise_dir.h"

static struct eras eras = {.own.boot_id = "boot"};

static void recall_in(const struct dir *dir, struct recall *recall)
{
	const struct recall_place from = {.place = {.dir_fd = dir->fd},
					  .home_fd = dir->fd,
					  .eras = &eras};

	recall_service(&from, false, recall);
}

static void write_state(const struct dir *dir, int64_t start_ticks)
{
	struct state state = {.version = STATE_VERSION,
			      .is_hosted = true,
			      .phase = "up",
			      .want = "up",
			      .pid = getpid(),
			      .start_ticks = start_ticks,
			      .era.boot_id = "boot"};
	char text[STATE_SIZE_MAX];

	write_file(dir, SUPERVISE_STATE, text, state_format(&state, text));
}

static void write_status(const struct dir *dir, struct timespec changed_at)
{
	struct status status = {.changed_at = changed_at,
				.run_pid = (uint32_t)getpid()};
	unsigned char record[STATUS_SIZE];

	status_pack(&status, record);
	write_file(dir, SUPERVISE_STATUS, record, sizeof(record));
}

/* The product of ticks and a tick's length didn't fit. */
static void any_start_time_can_be_on_record(void **state)
{
	static const int64_t ticks[] = {INT64_MIN, INT64_MIN / 2, -1,
					INT64_MAX / 2, INT64_MAX};
	struct dir *dir = *state;
	struct recall recall;

	supervise_dir_make(dir->fd);
	for (size_t i = 0; i < sizeof(ticks) / sizeof(ticks[0]); i++) {
		write_state(dir, ticks[i]);
		recall_in(dir, &recall);
		assert_int_equal(recall.standing.pid, 0);
		assert_int_equal(recall.standing.machine.phase,
				 MACHINE_UP); /* it was */
	}
}

/* Nor did the time between that moment and the start of a process. */
static void any_moment_can_be_in_a_status(void **state)
{
	static const int64_t seconds[] = {INT64_MIN, INT64_MIN + 1, 0,
					  INT64_MAX};
	struct dir *dir = *state;
	struct recall recall;

	supervise_dir_make(dir->fd);
	for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
		write_status(dir, (struct timespec){(time_t)seconds[i], 0});
		recall_in(dir, &recall);
		assert_int_equal(recall.standing.pid, 0);
	}
}

static enum machine_phase phase_after(const struct dir *dir, const char *want)
{
	char text[200];
	struct recall recall;
	int len = snprintf(text, sizeof(text),
			   "holdfast=1\nphase=up\nwant=%s\npid=0\nhosted=1\n"
			   "boot=boot\n",
			   want);

	write_file(dir, SUPERVISE_STATE, text, (size_t)len);
	recall_in(dir, &recall);
	return recall.standing.machine.phase;
}

/* It was to be started once its time had come, whatever was wanted. */
static void a_start_that_was_decided_is_made_up_for_if_wanted(void **state)
{
	struct dir *dir = *state;

	supervise_dir_make(dir->fd);
	assert_int_equal(phase_after(dir, "up"), MACHINE_WAITING);
	assert_int_equal(phase_after(dir, "once"), MACHINE_WAITING);
	assert_int_equal(phase_after(dir, "down"), MACHINE_DOWN);
}

/* As "finish" is told of it, it is a number of that kind, or -1. */
static void an_end_that_cannot_be_is_not_known(void **state)
{
	static const struct {
		const char *text;
		bool is_known;
		int exit_code, signal_number;
	} cases[] = {
		{"exit\nlast-end-number=255", true, 255, 0},
		{"exit\nlast-end-number=256", false, 0, 0},
		{"exit\nlast-end-number=-1", false, 0, 0},
		{"signal\nlast-end-number=9", true, 0, 9},
		{"signal\nlast-end-number=0", false, 0, 0},
		{"signal\nlast-end-number=9999999999", false, 0, 0},
		{"unknown\nlast-end-number=1", false, 0, 0},
		{"noise\nlast-end-number=1", false, 0, 0},
	};
	struct dir *dir = *state;

	supervise_dir_make(dir->fd);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct recall recall;
		char text[200];
		int len = snprintf(text, sizeof(text),
				   "holdfast=1\nhosted=1\nboot=boot\n"
				   "last-pid=-7\nlast-end=%s\n",
				   cases[i].text);

		write_file(dir, SUPERVISE_STATE, text, (size_t)len);
		recall_in(dir, &recall);
		assert_int_equal(recall.standing.last_end.is_known,
				 cases[i].is_known);
		assert_int_equal(recall.standing.last_end.exit_code,
				 cases[i].exit_code);
		assert_int_equal(recall.standing.last_end.signal_number,
				 cases[i].signal_number);
		assert_int_equal(recall.standing.last_pid, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		dir_test(any_start_time_can_be_on_record),
		dir_test(any_moment_can_be_in_a_status),
		dir_test(an_end_that_cannot_be_is_not_known),
		dir_test(a_start_that_was_decided_is_made_up_for_if_wanted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
