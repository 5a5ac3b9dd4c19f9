/* keeping.c -- see keeping.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/strb.h"
#include "service/keeping.h"

#define FORMAT 1u

struct head {
	uint32_t format;
	uint32_t orders;
};

union control {
	char room[CMSG_SPACE(KEEPING_MOST * sizeof(int))];
	struct cmsghdr align;
};

int keeping_open(int ends[2])
{
	int error;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == -1)
		return -1;
	for (int i = 0; i < 2; i++) {
		if (fcntl(ends[i], F_SETFD, FD_CLOEXEC) == -1 ||
		    fcntl(ends[i], F_SETFL, O_NONBLOCK) == -1)
			goto out;
	}
	return 0;
out:
	error = errno;
	close(ends[0]);
	close(ends[1]);
	errno = error;
	return -1;
}

static void put_fds(struct msghdr *header, union control *control,
		    const struct keeping *message)
{
	size_t count = message->fd_count * sizeof(int);
	struct cmsghdr *part = &control->align;

	if (count == 0)
		return;
	memset(control, 0, sizeof(*control));
	part->cmsg_level = SOL_SOCKET;
	part->cmsg_type = SCM_RIGHTS;
	part->cmsg_len = (socklen_t)CMSG_LEN(count);
	memcpy(CMSG_DATA(part), message->fds, count);
	header->msg_control = control;
	header->msg_controllen = (socklen_t)CMSG_SPACE(count);
}

bool keeping_send(int door_fd, const struct keeping *message)
{
	const struct head head = {FORMAT, message->orders};
	struct iovec parts[] = {
		{(void *)&head, sizeof(head)},
		{(void *)message->drops,
		 message->drop_count * sizeof(message->drops[0])},
	};
	struct msghdr header = {.msg_iov = parts, .msg_iovlen = 2};
	union control control;
	ssize_t sent;

	put_fds(&header, &control, message);
	do
		sent = sendmsg(door_fd, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (sent == -1 && errno == EINTR);
	return sent != -1;
}

bool keeping_parse(const void *bytes, size_t count, struct keeping *message)
{
	const size_t each = sizeof(message->drops[0]);
	struct head head;

	message->orders = message->drop_count = 0;
	if (count < sizeof(head) || (count - sizeof(head)) % each != 0 ||
	    count > KEEPING_SIZE_MAX)
		return false;
	memcpy(&head, bytes, sizeof(head));
	if (head.format != FORMAT)
		return false;
	message->orders = head.orders;
	message->drop_count = (unsigned)((count - sizeof(head)) / each);
	memcpy(message->drops, (const char *)bytes + sizeof(head),
	       count - sizeof(head));
	return true;
}

/* There is one such part at the most, and room for no more than fits. */
static void take_fds(struct msghdr *header, struct keeping *message)
{
	const struct cmsghdr *part = CMSG_FIRSTHDR(header);
	size_t count;

	message->fd_count = 0;
	if (!part || part->cmsg_level != SOL_SOCKET ||
	    part->cmsg_type != SCM_RIGHTS)
		return;
	count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	memcpy(message->fds, CMSG_DATA(part), count * sizeof(int));
	message->fd_count = (unsigned)count;
	for (size_t i = 0; i < count; i++)
		fcntl(message->fds[i], F_SETFD, FD_CLOEXEC);
}

enum keeping_got keeping_receive(int door_fd, struct keeping *message)
{
	char bytes[KEEPING_SIZE_MAX];
	union control control;
	struct iovec part = {bytes, sizeof(bytes)};
	struct msghdr header = {.msg_iov = &part,
				.msg_iovlen = 1,
				.msg_control = &control,
				.msg_controllen = sizeof(control)};
	ssize_t count = recvmsg(door_fd, &header, MSG_DONTWAIT);

	if (count == -1)
		return errno == EAGAIN || errno == EINTR ? KEEPING_NOTHING
							 : KEEPING_END;
	take_fds(&header, message);
	if (keeping_parse(bytes, (size_t)count, message) &&
	    !(header.msg_flags & MSG_TRUNC))
		return KEEPING_MESSAGE;
	for (unsigned i = 0; i < message->fd_count; i++)
		close(message->fds[i]);
	message->fd_count = 0;
	return count == 0 ? KEEPING_END : KEEPING_NOISE;
}

bool keeping_name_of(int fd, struct keeping_name *name, bool *is_socket)
{
	struct stat status;

	if (fstat(fd, &status) == -1)
		return false;
	name->device = status.st_dev;
	name->inode = status.st_ino;
	*is_socket = S_ISSOCK(status.st_mode);
	return *is_socket || S_ISFIFO(status.st_mode);
}

bool keeping_is_same(const struct keeping_name *name,
		     const struct keeping_name *other)
{
	return name->inode == other->inode && name->device == other->device;
}

/* An inherited socket; anything else isn't ours to talk to. */
static int door_from(const char *text, unsigned *room)
{
	struct stat status;
	char *end;
	long fd = text ? strtol(text, &end, 10) : -1;
	unsigned long count;

	if (fd <= STDERR_FILENO || fd > INT_MAX || *end != ',' ||
	    fstat((int)fd, &status) == -1 || !S_ISSOCK(status.st_mode))
		return -1;
	count = strtoul(end + 1, &end, 10);
	if (*end != '\0' || count > INT_MAX)
		return -1;
	*room = (unsigned)count;
	fcntl((int)fd, F_SETFD, FD_CLOEXEC);
	fcntl((int)fd, F_SETFL, O_NONBLOCK);
	return (int)fd;
}

int keeping_take_variable(unsigned *room)
{
	int fd = door_from(getenv(KEEPING_VARIABLE), room);

	unsetenv(KEEPING_VARIABLE);
	return fd;
}

void keeping_entry(char entry[KEEPING_ENTRY_SIZE], int door_fd, unsigned room)
{
	struct strb text = strb_on(entry, KEEPING_ENTRY_SIZE);

	strb_add_format(&text, KEEPING_VARIABLE "=%d,%u", door_fd, room);
}
