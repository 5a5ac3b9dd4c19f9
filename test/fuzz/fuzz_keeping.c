/*
 * fuzz_keeping.c -- any messages in the door between svscan and svscanboot, on
 * both sides of it.
 *
 * The input is messages, each a byte for its length, a byte for what comes
 * along, and its text, which isn't empty: such a one is the end. Whatever is in
 * them, nothing stays open but what is in the table.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "boot/hold.h"
#include "fuzz.h"

#define FDS_MOST 4

static struct hold hold; /* of megabytes, of which little is touched */

/* What may come along: each kind that can be kept, and one that can't. */
static const int *descriptors(void)
{
	static int fds[FDS_MOST];

	if (fds[0] == 0) {
		MUST(pipe(fds) == 0);
		fds[2] = socket(AF_UNIX, SOCK_DGRAM, 0);
		fds[3] = open("/dev/null", O_RDONLY);
		hold_open(&hold);
		MUST(hold.door_fd != -1 && fds[2] != -1 && fds[3] != -1);
	}
	return fds;
}

static void send_message(int door_fd, const uint8_t *text, size_t size,
			 unsigned with)
{
	union {
		char room[CMSG_SPACE(FDS_MOST * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec part = {(void *)text, size};
	struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
	size_t count = (with % (FDS_MOST + 1)) * sizeof(int);

	if (count > 0) {
		memset(&control, 0, sizeof(control));
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = (socklen_t)CMSG_LEN(count);
		memcpy(CMSG_DATA(&control.align), descriptors(), count);
		header.msg_control = &control;
		header.msg_controllen = (socklen_t)CMSG_SPACE(count);
	}
	(void)!sendmsg(door_fd, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* svscan's side. */
static void receive_all(void)
{
	struct keeping message;
	enum keeping_got got;

	do {
		got = keeping_receive(hold.guest_fd, &message);
		MUST(got != KEEPING_END || message.fd_count == 0);
		if (got != KEEPING_MESSAGE)
			continue;
		MUST(message.fd_count <= KEEPING_MOST);
		MUST(message.drop_count <= KEEPING_MOST);
		for (unsigned i = 0; i < message.fd_count; i++)
			MUST(close(message.fds[i]) == 0);
	} while (got != KEEPING_NOTHING && got != KEEPING_END);
}

/* The lowest number that is free: what is left open raises it. */
static int next_number(void)
{
	int fd = dup(STDERR_FILENO);

	close(fd);
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct keeping all = {.orders = KEEPING_BEGIN | KEEPING_SWEEP};
	struct keeping message;
	int number;

	descriptors();
	number = next_number();
	MUST(!keeping_parse(data, size, &message) ||
	     message.drop_count <= KEEPING_MOST);
	while (size > 2) {
		size_t len = data[0] < size - 2 ? data[0] : size - 2;

		if (len > 0) {
			send_message(hold.guest_fd, data + 2, len, data[1]);
			send_message(hold.door_fd, data + 2, len, data[1]);
		}
		data += 2 + len;
		size -= 2 + len;
		hold_serve(&hold);
		MUST(hold.count <= 3);
		receive_all();
	}
	hold_prepare(&hold);
	MUST(keeping_send(hold.guest_fd, &all));
	hold_serve(&hold);
	receive_all();
	MUST(hold.count == 0);
	MUST(next_number() == number);
	return 0;
}
