/* command.c -- see command.h. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "engine/command.h"
#include "engine/glance.h"
#include "service/state_place.h"
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

/* NULL, or what couldn't be done, with errno. */
static const char *take_files(struct commander *commander)
{
	int dir_fd = commander->state_fd;

	if (!supervise_dir_make_named(dir_fd, SCAN_DIR) && errno != 0)
		return "make " SCAN_DIR;
	commander->lock_fd = supervise_dir_lock_file(dir_fd, SCAN_LOCK);
	if (commander->lock_fd == -1)
		return "acquire " SCAN_LOCK;
	commander->control_fd =
		supervise_dir_open_fifo(dir_fd, SCAN_CONTROL, 0600);
	return commander->control_fd == -1 ? "read " SCAN_CONTROL : NULL;
}

/* Where the scan directory can't hold them: see state_place.h. */
static bool move_state(struct commander *commander, int error)
{
	commander->state_fd = state_place_make(AT_FDCWD, SCAN_DIR, error);
	if (commander->state_fd != -1)
		return true;
	commander->state_fd = AT_FDCWD;
	return false;
}

const char *commander_open(struct commander *commander, struct loop *loop)
{
	const char *trouble;

	commander->state_fd = AT_FDCWD;
	commander->lock_fd = commander->control_fd = -1;
	commander->watch = (struct loop_watch){.on_readable = on_readable,
					       .owner = commander};
	state_place_link(AT_FDCWD, SCAN_DIR);
	trouble = take_files(commander);
	if (trouble && move_state(commander, errno))
		trouble = take_files(commander);
	if (trouble)
		return trouble;
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
	if (commander->state_fd != AT_FDCWD)
		close(commander->state_fd);
	commander->state_fd = AT_FDCWD;
	commander->lock_fd = commander->control_fd = -1;
}
