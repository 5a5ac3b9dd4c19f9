/* down_file.c -- see down_file.h. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/diag.h"
#include "engine/down_file.h"

static void remove_it(const struct site *site)
{
	if (unlinkat(site->dir_fd, "down", 0) == -1 && errno != ENOENT)
		diag_warn_errno("unable to remove %s/down", site->name);
}

static void make_it(const struct site *site)
{
	int fd = openat(
		site->dir_fd, "down",
		O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);

	if (fd == -1)
		diag_warn_errno("unable to make %s/down", site->name);
	else
		close(fd);
}

bool down_file_change(const struct site *site, enum control_down_file due)
{
	if (due == CONTROL_DOWN_REMOVED)
		remove_it(site);
	else if (due == CONTROL_DOWN_MADE)
		make_it(site);
	return due != CONTROL_DOWN_LEFT;
}
