/* remote.c -- see remote.h. */
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/names.h"
#include "base/strb.h"
#include "engine/remote.h"

static bool has_changed(const struct remote *remote)
{
	struct pollfd look = {.fd = remote->changes_fd, .events = POLLPRI};

	return poll(&look, 1, 0) != 0;
}

void remote_refresh(struct remote *remote)
{
	char place[PATH_MAX];

	remote->is_new = !remote->is_known || has_changed(remote);
	if (!remote->is_new)
		return;
	if (!remote->is_known)
		remote->changes_fd =
			open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	remote->is_known = remote->changes_fd != -1;
	if (mounts_read(&remote->mounts) == -1 || remote->mounts.len == 0)
		return;
	if (!getcwd(remote->folder, sizeof(remote->folder)) ||
	    remote->folder[0] != '/') {
		mounts_free(&remote->mounts);
		return;
	}
	while (mounts_follow(&remote->mounts, remote->folder, 0, place) ==
	       MOUNTS_REMOTE)
		mounts_leave_out(&remote->mounts, place);
}

void remote_end(struct remote *remote)
{
	mounts_free(&remote->mounts);
	if (remote->is_known)
		close(remote->changes_fd);
	remote->is_known = false;
}

bool remote_is_at(const struct remote *remote, const char *name, char *place)
{
	char room[PATH_MAX];
	struct strb path = strb_on(room, sizeof(room));

	strb_add_format(&path, "%s/%s", remote->folder, name);
	return !path.is_cut &&
	       mounts_follow(&remote->mounts, room, strlen(remote->folder),
			     place) == MOUNTS_REMOTE;
}

/* ---- what is in a directory ---- */

struct look {
	const struct remote *remote;
	const char *path;
	char *place;
	bool is_found;
};

static void look_at(void *owner, const char *name, enum names_kind kind)
{
	struct look *look = owner;
	const struct mounts *mounts = &look->remote->mounts;
	char room[PATH_MAX];
	struct strb path = strb_on(room, sizeof(room));

	if (look->is_found ||
	    (kind != NAMES_UNKNOWN && kind != NAMES_DIRECTORY))
		return;
	strb_add_format(&path, "%s/%s", look->path, name);
	if (path.is_cut)
		return;
	if (kind == NAMES_DIRECTORY && !mounts_has(mounts, room))
		return;
	look->is_found = mounts_follow(mounts, room, strlen(look->path),
				       look->place) == MOUNTS_REMOTE;
}

static bool is_in(const struct remote *remote, const char *path, char *place)
{
	struct look look = {.remote = remote, .path = path, .place = place};
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1)
		return false;
	names_each(fd, look_at, &look);
	close(fd);
	return look.is_found;
}

bool remote_is_within(const struct remote *remote, const char *path,
		      char *place)
{
	char room[PATH_MAX], log[PATH_MAX];
	struct strb log_path = strb_on(room, sizeof(room));

	if (is_in(remote, path, place))
		return true;
	strb_add_format(&log_path, "%s/log", path);
	return !log_path.is_cut &&
	       mounts_follow(&remote->mounts, room, strlen(path), log) ==
		       MOUNTS_LOCAL &&
	       is_in(remote, log, place);
}
