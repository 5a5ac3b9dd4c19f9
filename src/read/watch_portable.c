/* watch_portable.c -- see watch.h, for any POSIX system. */
#include <poll.h>

#include "read/watch.h"

void watch_open(struct watch *watch)
{
	watch->fd = -1;
	watch->is_deaf = true;
}

void watch_add(struct watch *watch, const char *path)
{
	(void)watch;
	(void)path;
}

int watch_wait(struct watch *watch, int out_fd)
{
	struct pollfd out = {.fd = out_fd};

	(void)watch;
	poll(&out, 1, WATCH_LOOK_MS);
	return out.revents & (POLLERR | POLLHUP) ? -1 : 0;
}

void watch_close(struct watch *watch)
{
	(void)watch;
}
