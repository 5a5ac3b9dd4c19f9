/* readiness.c -- see readiness.h. */
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "service/inherited.h"
#include "service/readiness.h"

static const char socket_variable[] = "NOTIFY_SOCKET";

void readiness_take(struct readiness *readiness)
{
	const char *name = getenv(socket_variable);

	readiness->fd = inherited_pipe(READINESS_VARIABLE);
	if (readiness->fd != -1)
		fcntl(readiness->fd, F_SETFL, O_NONBLOCK);
	readiness->socket[0] = '\0';
	if (name && (name[0] == '/' || name[0] == '@') &&
	    strlen(name) < sizeof(readiness->socket))
		memcpy(readiness->socket, name, strlen(name) + 1);
	unsetenv(socket_variable);
}

void readiness_tell(struct readiness *readiness)
{
	if (readiness->fd != -1) {
		(void)!write(readiness->fd, "\n", 1);
		close(readiness->fd);
	}
	readiness->fd = -1;
	readiness_notify(readiness, "READY=1");
	readiness->socket[0] = '\0';
}

void readiness_notify(const struct readiness *readiness, const char *message)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t len = strlen(readiness->socket);
	int fd;

	if (len == 0)
		return;
	memcpy(address.sun_path, readiness->socket, len);
	if (address.sun_path[0] == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (fd == -1)
		return;
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	(void)sendto(fd, message, strlen(message), 0,
		     (const struct sockaddr *)&address,
		     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	close(fd);
}
