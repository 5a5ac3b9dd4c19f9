/* ready.c -- see ready.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "engine/glance.h"
#include "engine/probe.h"
#include "engine/ready.h"
#include "engine/rules.h"
#include "service/config.h"
#include "service/supervise_dir.h"

void ready_close(struct service *service)
{
	if (!service->ready.is_added)
		return;
	loop_watch_remove(service->site.loop, &service->ready);
	close(service->ready.fd);
}

static void on_readable(struct loop_watch *watch)
{
	struct service *service = watch->owner;
	char bytes[256];
	size_t left;
	int fd;
	ssize_t count =
		glance(watch->fd, bytes, sizeof(bytes), sizeof(bytes), &left);

	if (count == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	/* The end, or an error: it won't say so any more. */
	if (count > 0 && !memchr(bytes, '\n', (size_t)count)) {
		glance_take(watch->fd, left);
		return;
	}
	/* The line stays there until it is on record that there was one, and
	 * goes with the pipe. */
	fd = watch->fd;
	loop_watch_remove(service->site.loop, watch);
	if (count > 0)
		service_ready(service);
	close(fd);
}

static void drain(int fd)
{
	char bytes[256];

	while (read(fd, bytes, sizeof(bytes)) > 0)
		;
}

/* The process that was adopted has another, where there is none any more. */
static int open_fifo(const struct service *service, bool is_new)
{
	struct stat status;

	if (!is_new && (fstatat(service->site.dir_fd, SUPERVISE_READY, &status,
				AT_SYMLINK_NOFOLLOW) == -1 ||
			!S_ISFIFO(status.st_mode))) {
		errno = ENOENT;
		return -1;
	}
	return supervise_dir_read_fifo(service->site.dir_fd, SUPERVISE_READY,
				       0600);
}

bool ready_was_missed(const struct service *service)
{
	int fd;

	if (rules_of(service)->notification_fd == -1)
		return false;
	/* The process has opened it for reading, too. */
	fd = openat(service->site.dir_fd, SUPERVISE_READY,
		    O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	if (fd != -1)
		close(fd);
	return fd == -1 && errno == ENXIO;
}

void ready_listen(struct service *service, bool is_new)
{
	int fd;

	ready_close(service);
	if (rules_of(service)->notification_fd == -1)
		return;
	fd = open_fifo(service, is_new);
	if (fd == -1) {
		diag_warn_errno("unable to read %s/" SUPERVISE_READY,
				service->site.name);
		return;
	}
	if (is_new)
		drain(fd);
	service->ready = (struct loop_watch){
		.fd = fd, .on_readable = on_readable, .owner = service};
	if (loop_watch_add(service->site.loop, &service->ready) == -1) {
		diag_warn_errno("unable to watch %s/" SUPERVISE_READY,
				service->site.name);
		close(fd);
	}
}

bool ready_is_said(const struct service *service)
{
	return rules_of(service)->notification_fd != -1 ||
	       config_has(rules_of(service), CONFIG_NOTIFY_SOCKET);
}

void ready_watch(struct service *service)
{
	service->watchers++;
	probe_update(service);
}

void ready_unwatch(struct service *service)
{
	service->watchers--;
	probe_update(service);
}
