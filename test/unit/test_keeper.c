/* test_keeper.c -- what becomes of descriptors whose owner goes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/socket.h>
#include <unistd.h>

#include "engine/keeper.h"

static struct keeper keeper;
static int guest_fd, pipe_fds[2];

static int set_up(void **unused)
{
	int ends[2];

	(void)unused;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	assert_int_equal(pipe(pipe_fds), 0);
	keeper = (struct keeper){.door_fd = ends[0], .most = 2};
	guest_fd = ends[1];
	return 0;
}

static int tear_down(void **unused)
{
	(void)unused;
	close(keeper.door_fd);
	close(guest_fd);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	return 0;
}

/* How many messages wait behind the door. */
static int count_sent(void)
{
	char byte;
	int count = 0;

	while (recv(guest_fd, &byte, 1, MSG_DONTWAIT) != -1)
		count++;
	return count;
}

/* It was still among those to be sent, and its struct is freed next. */
static void what_is_left_is_sent_and_not_pointed_to(void **unused)
{
	struct kept kept = {0};

	(void)unused;
	keeper_keep(&keeper, &kept, pipe_fds[0], false);
	assert_ptr_equal(keeper.gathered, &kept);
	keeper_leave(&kept);
	assert_null(keeper.gathered);
	assert_null(kept.keeper);
	assert_int_equal(count_sent(), 1);
	assert_int_equal(keeper.count, 1);
}

static void what_was_sent_stays_kept_when_it_is_left(void **unused)
{
	struct kept kept = {0};

	(void)unused;
	keeper_keep(&keeper, &kept, pipe_fds[0], false);
	keeper_flush(&keeper);
	assert_true(keeper_has(&kept));
	assert_int_equal(count_sent(), 1);
	keeper_leave(&kept);
	keeper_flush(&keeper);
	assert_int_equal(count_sent(), 0);
	assert_int_equal(keeper.count, 1);
}

static void what_is_dropped_is_not_sent(void **unused)
{
	struct kept kept = {0};

	(void)unused;
	keeper_keep(&keeper, &kept, pipe_fds[0], false);
	keeper_drop(&kept);
	keeper_flush(&keeper);
	assert_int_equal(count_sent(), 0);
	assert_int_equal(keeper.count, 0);
}

static void what_was_never_kept_can_be_left(void **unused)
{
	struct kept kept = {0};

	(void)unused;
	keeper_leave(&kept);
	assert_int_equal(count_sent(), 0);
}

#define keeper_test(function)                                                  \
	cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		keeper_test(what_is_left_is_sent_and_not_pointed_to),
		keeper_test(what_was_sent_stays_kept_when_it_is_left),
		keeper_test(what_is_dropped_is_not_sent),
		keeper_test(what_was_never_kept_can_be_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
