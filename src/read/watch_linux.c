/* watch_linux.c -- see watch.h; inotify(7). */
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "read/watch.h"

void watch_open(struct watch *watch)
{
	watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	watch->is_deaf = watch->fd == -1;
}

void watch_add(struct watch *watch, const char *path)
{
	const unsigned changes =
		IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_DELETE;

	if (watch->fd == -1 ||
	    inotify_add_watch(watch->fd, path, changes) == -1)
		watch->is_deaf = true;
}

int watch_wait(struct watch *watch, int out_fd)
{
	_Alignas(struct inotify_event) char room[4096];
	struct pollfd fds[] = {{.fd = watch->fd, .events = POLLIN},
			       {.fd = out_fd}};

	poll(fds, 2, watch->is_deaf ? WATCH_LOOK_MS : -1);
	if (fds[1].revents & (POLLERR | POLLHUP))
		return -1;
	/* What has changed, the caller sees for itself. */
	while (watch->fd != -1 && read(watch->fd, room, sizeof(room)) > 0)
		;
	return 0;
}

void watch_close(struct watch *watch)
{
	if (watch->fd != -1)
		close(watch->fd);
	watch->fd = -1;
}
