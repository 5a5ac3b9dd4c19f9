/* ready.c -- see ready.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "engine/glance.h"
#include "engine/ready.h"
#include "engine/rules.h"
#include "service/config.h"
#include "service/supervise_dir.h"

void ready_close(struct ready *ready, struct site *site)
{
	if (!ready->watch.is_added)
		return;
	loop_watch_remove(site->loop, &ready->watch);
	close(ready->watch.fd);
}

static void on_readable(struct loop_watch *watch)
{
	struct site *site = watch->owner;
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
	loop_watch_remove(site->loop, watch);
	if (count > 0)
		site->tell(site, &(struct happening){.kind = HAPPENED_READY});
	close(fd);
}

static void drain(int fd)
{
	char bytes[256];

	while (read(fd, bytes, sizeof(bytes)) > 0)
		;
}

/* The process that was adopted has another, where there is none any more. */
static int open_fifo(const struct site *site, bool is_new)
{
	struct stat status;

	if (!is_new && (fstatat(site->state_fd, SUPERVISE_READY, &status,
				AT_SYMLINK_NOFOLLOW) == -1 ||
			!S_ISFIFO(status.st_mode))) {
		errno = ENOENT;
		return -1;
	}
	return supervise_dir_read_fifo(site->state_fd, SUPERVISE_READY, 0600);
}

bool ready_was_missed(const struct site *site)
{
	int fd;

	if (rules_of(site)->notification_fd == -1)
		return false;
	/* The process has opened it for reading, too. */
	fd = openat(site->state_fd, SUPERVISE_READY,
		    O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	if (fd != -1)
		close(fd);
	return fd == -1 && errno == ENXIO;
}

void ready_listen(struct ready *ready, struct site *site, bool is_new)
{
	int fd;

	ready_close(ready, site);
	if (rules_of(site)->notification_fd == -1)
		return;
	fd = open_fifo(site, is_new);
	if (fd == -1) {
		diag_warn_errno("unable to read %s/" SUPERVISE_READY,
				site->name);
		return;
	}
	if (is_new)
		drain(fd);
	ready->watch = (struct loop_watch){
		.fd = fd, .on_readable = on_readable, .owner = site};
	if (loop_watch_add(site->loop, &ready->watch) == -1) {
		diag_warn_errno("unable to watch %s/" SUPERVISE_READY,
				site->name);
		close(fd);
	}
}

bool ready_is_said(const struct site *site)
{
	return rules_of(site)->notification_fd != -1 ||
	       config_has(rules_of(site), CONFIG_NOTIFY_SOCKET);
}
