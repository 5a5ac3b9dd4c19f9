/* test_hold.c -- what svscanboot keeps, and what it takes for a message. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "boot/hold.h"

#define MANY 300 /* more than a message holds, several times */

static struct hold hold; /* of megabytes, most of which are never touched */

static int open_hold(void **unused)
{
	(void)unused;
	memset(&hold, 0, sizeof(hold));
	hold_open(&hold);
	return hold.door_fd == -1 ? -1 : 0;
}

static int close_hold(void **unused)
{
	const struct keeping all = {.orders = KEEPING_BEGIN | KEEPING_SWEEP};

	(void)unused;
	keeping_send(hold.guest_fd, &all);
	hold_serve(&hold);
	close(hold.door_fd);
	close(hold.guest_fd);
	return 0;
}

/* Nothing else has both ends, so whether the read end is kept shows. */
struct channel {
	int read_fd, write_fd;
};

static struct channel make_channel(void)
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	return (struct channel){ends[0], ends[1]};
}

static bool has_reader(int write_fd)
{
	return write(write_fd, "x", 1) == 1;
}

static void send_fds(unsigned orders, const int *fds, unsigned count)
{
	struct keeping message = {.orders = orders, .fd_count = count};

	for (unsigned i = 0; i < count; i++)
		message.fds[i] = fds[i];
	assert_true(keeping_send(hold.guest_fd, &message));
}

static void send_orders(unsigned orders)
{
	send_fds(orders, NULL, 0);
}

static void what_is_sent_is_kept_until_it_is_let_go(void **unused)
{
	struct channel channel = make_channel();
	struct keeping drop = {.drop_count = 1};
	bool is_socket;

	(void)unused;
	assert_true(
		keeping_name_of(channel.read_fd, &drop.drops[0], &is_socket));
	assert_false(is_socket);
	send_fds(0, &channel.read_fd, 1);
	close(channel.read_fd);
	/* In the door it is as safe as in the table. */
	assert_true(has_reader(channel.write_fd));
	hold_serve(&hold);
	assert_int_equal(hold.count, 1);
	assert_true(has_reader(channel.write_fd));
	assert_true(keeping_send(hold.guest_fd, &drop));
	assert_true(keeping_send(hold.guest_fd, &drop)); /* of nothing */
	hold_serve(&hold);
	assert_int_equal(hold.count, 0);
	assert_false(has_reader(channel.write_fd));
	close(channel.write_fd);
}

static void one_that_comes_again_is_kept_once(void **unused)
{
	struct channel channel = make_channel();
	const int fds[] = {channel.read_fd, channel.read_fd, channel.read_fd};

	(void)unused;
	send_fds(0, fds, 3);
	send_fds(0, fds, 1);
	hold_serve(&hold);
	assert_int_equal(hold.count, 1);
	close(channel.read_fd);
	send_orders(KEEPING_BEGIN | KEEPING_SWEEP);
	hold_serve(&hold);
	assert_false(has_reader(channel.write_fd));
	close(channel.write_fd);
}

/* Who comes next names what it wants; the rest goes. */
static void what_the_next_one_does_not_name_is_let_go(void **unused)
{
	struct channel channels[MANY];
	int kept = 0;

	(void)unused;
	for (int i = 0; i < MANY; i++) {
		channels[i] = make_channel();
		send_fds(0, &channels[i].read_fd, 1);
		hold_serve(&hold);
	}
	assert_int_equal(hold.count, MANY);
	send_orders(KEEPING_BEGIN);
	for (int i = 0; i < MANY; i += 3, kept++)
		send_fds(0, &channels[i].read_fd, 1);
	hold_serve(&hold);
	assert_int_equal(hold.count, MANY);
	for (int i = 0; i < MANY; i++)
		close(channels[i].read_fd);
	send_orders(KEEPING_SWEEP);
	hold_serve(&hold);
	assert_int_equal(hold.count, kept);
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(has_reader(channels[i].write_fd), i % 3 == 0);
		close(channels[i].write_fd);
	}
}

static void sockets_wait_in_the_door_for_the_next_one(void **unused)
{
	struct channel channel = make_channel();
	struct keeping_name names[MANY];
	struct keeping message;
	unsigned count = 0;

	(void)unused;
	send_fds(0, &channel.read_fd, 1);
	for (int i = 0; i < MANY; i++) {
		int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
		bool is_socket;

		assert_true(keeping_name_of(fd, &names[i], &is_socket));
		assert_true(is_socket);
		send_fds(0, &fd, 1);
		hold_serve(&hold);
		close(fd);
	}
	/* The first one dies before it looks. */
	for (int life = 0; life < 3; life++)
		hold_prepare(&hold);
	while (keeping_receive(hold.guest_fd, &message) == KEEPING_MESSAGE) {
		for (unsigned i = 0; i < message.fd_count; i++, count++) {
			struct keeping_name name;
			bool is_socket;

			assert_true(keeping_name_of(message.fds[i], &name,
						    &is_socket));
			assert_true(keeping_is_same(&name, &names[count]));
			assert_int_equal(fcntl(message.fds[i], F_GETFD),
					 FD_CLOEXEC);
			close(message.fds[i]);
		}
	}
	assert_int_equal(count, MANY);
	close(channel.read_fd);
	close(channel.write_fd);
}

static void a_full_table_keeps_no_more(void **unused)
{
	struct channel channels[3];

	(void)unused;
	hold.most = 2;
	for (int i = 0; i < 3; i++) {
		channels[i] = make_channel();
		send_fds(0, &channels[i].read_fd, 1);
		close(channels[i].read_fd);
	}
	hold_serve(&hold);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(has_reader(channels[i].write_fd), i < 2);
		close(channels[i].write_fd);
	}
}

static void other_files_are_not_kept(void **unused)
{
	int fd = open("/dev/null", O_RDONLY);

	(void)unused;
	send_fds(0, &fd, 1);
	hold_serve(&hold);
	assert_int_equal(hold.count, 0);
	close(fd);
}

static void send_bytes(const void *bytes, size_t count)
{
	assert_int_equal(send(hold.guest_fd, bytes, count, 0), count);
}

static void noise_is_forgotten(void **unused)
{
	static char long_one[KEEPING_SIZE_MAX + 16];
	const uint32_t later[] = {1, 0xfffffffc}; /* orders of a later time */
	struct channel channel = make_channel();

	(void)unused;
	long_one[0] = 1; /* little-endian or not: too long in any case */
	send_bytes("x", 1);
	send_bytes("\2\0\0\0\0\0\0\0", 8);
	send_bytes(long_one, sizeof(long_one));
	send_bytes(later, sizeof(later));
	send_fds(0, &channel.read_fd, 1);
	close(channel.read_fd);
	hold_serve(&hold);
	assert_int_equal(hold.count, 1);
	close(channel.write_fd);
}

static void the_variable_tells_of_the_door(void **unused)
{
	char *entry = hold_hand_down(&hold);
	unsigned room = 0;

	(void)unused;
	assert_non_null(entry);
	putenv(entry);
	assert_int_equal(keeping_take_variable(&room), hold.guest_fd);
	assert_int_equal(room, hold.most / 2);
	assert_null(getenv(KEEPING_VARIABLE));
	for (size_t i = 0; i < 6; i++) {
		static const char *const wrong[] = {"",      "0,5", "2,5",
						    "999,5", "x,5", "5"};

		setenv(KEEPING_VARIABLE, wrong[i], 1);
		assert_int_equal(keeping_take_variable(&room), -1);
	}
}

static void who_has_lost_the_other_end_is_told(void **unused)
{
	const struct keeping message = {.orders = 0};
	struct keeping got;
	int ends[2];

	(void)unused;
	assert_int_equal(keeping_open(ends), 0);
	assert_int_equal(keeping_receive(ends[0], &got), KEEPING_NOTHING);
	close(ends[1]);
	assert_int_equal(keeping_receive(ends[0], &got), KEEPING_END);
	assert_false(keeping_send(ends[0], &message));
	assert_int_equal(errno, EPIPE);
	close(ends[0]);
}

#define WITH_HOLD(function)                                                    \
	cmocka_unit_test_setup_teardown(function, open_hold, close_hold)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_HOLD(what_is_sent_is_kept_until_it_is_let_go),
		WITH_HOLD(one_that_comes_again_is_kept_once),
		WITH_HOLD(what_the_next_one_does_not_name_is_let_go),
		WITH_HOLD(sockets_wait_in_the_door_for_the_next_one),
		WITH_HOLD(a_full_table_keeps_no_more),
		WITH_HOLD(other_files_are_not_kept),
		WITH_HOLD(noise_is_forgotten),
		WITH_HOLD(the_variable_tells_of_the_door),
		cmocka_unit_test(who_has_lost_the_other_end_is_told),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
