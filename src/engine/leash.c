/* leash.c -- see leash.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/leash.h"

/* Both ends are the same program, on the same machine. */
struct packet {
	enum leash_message message;
	struct graph_facts facts;
};

void leash_take(struct leash *leash)
{
	const char *text = getenv(LEASH_VARIABLE);
	char *end;
	long fd = text ? strtol(text, &end, 10) : -1;

	leash->fd = -1;
	if (text && *end == '\0' && fd > STDERR_FILENO && fd < INT_MAX &&
	    fcntl((int)fd, F_SETFD, FD_CLOEXEC) == 0)
		leash->fd = (int)fd;
	unsetenv(LEASH_VARIABLE);
}

int leash_make(int ends[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == -1)
		return -1;
	for (int i = 0; i < 2; i++) {
		fcntl(ends[i], F_SETFD, FD_CLOEXEC);
		fcntl(ends[i], F_SETFL, O_NONBLOCK);
	}
	return 0;
}

void leash_send(int fd, enum leash_message message,
		const struct graph_facts *facts)
{
	struct packet packet = {.message = message};

	if (facts)
		packet.facts = *facts;
	/* Who isn't there any more is told of by the end. */
	if (send(fd, &packet, sizeof(packet), MSG_NOSIGNAL) == -1)
		errno = 0;
}

enum leash_message leash_receive(int fd, struct graph_facts *facts)
{
	struct packet packet;
	ssize_t count = recv(fd, &packet, sizeof(packet), MSG_DONTWAIT);

	if (count == -1 && (errno == EAGAIN || errno == EINTR))
		return LEASH_NONE;
	if (count != (ssize_t)sizeof(packet))
		return LEASH_OVER;
	*facts = packet.facts;
	return packet.message;
}
