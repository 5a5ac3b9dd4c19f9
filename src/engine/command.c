/* command.c -- see command.h. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/command.h"
#include "engine/glance.h"
#include "service/supervise_dir.h"

/* What a scanner that is killed hasn't obeyed is there for the next one, as
 * long as whoever wrote it waits. */
static void on_readable(struct loop_watch *watch)
{
	struct commander *commander = watch->owner;
	char letters[64];
	size_t left;
	ssize_t count = glance(watch->fd, letters, sizeof(letters),
			       sizeof(letters), &left);

	for (ssize_t i = 0; i < count; i++) {
		const struct scan_control *row = scan_control_find(letters[i]);

		if (row)
			commander->on_command(commander->owner, row->command);
	}
	glance_take(watch->fd, left);
}

/* Some systems look at rights before they see that it is there. */
static int make_directory(void)
{
	int error;

	if (mkdir(SCAN_DIR, 0700) == 0 || errno == EEXIST)
		return 0;
	error = errno;
	if (access(SCAN_DIR, F_OK) == 0)
		return 0;
	errno = error;
	return -1;
}

const char *commander_open(struct commander *commander, struct loop *loop)
{
	commander->lock_fd = commander->control_fd = -1;
	commander->watch = (struct loop_watch){.on_readable = on_readable,
					       .owner = commander};
	if (make_directory() == -1)
		return "make " SCAN_DIR;
	commander->lock_fd = supervise_dir_lock_file(AT_FDCWD, SCAN_LOCK);
	if (commander->lock_fd == -1)
		return "acquire " SCAN_LOCK;
	commander->control_fd =
		supervise_dir_open_fifo(AT_FDCWD, SCAN_CONTROL, 0600);
	if (commander->control_fd == -1)
		return "read " SCAN_CONTROL;
	commander->watch.fd = commander->control_fd;
	if (loop_watch_add(loop, &commander->watch) == -1)
		return "read " SCAN_CONTROL;
	return NULL;
}

void commander_close(struct commander *commander, struct loop *loop)
{
	loop_watch_remove(loop, &commander->watch);
	if (commander->control_fd != -1)
		close(commander->control_fd);
	if (commander->lock_fd != -1)
		close(commander->lock_fd);
	commander->lock_fd = commander->control_fd = -1;
}
