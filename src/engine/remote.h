/*
 * remote.h -- which services of a scan directory are on file systems that may
 * hang: that of the directory, or of anything in it that a name leads to. Found
 * without touching any.
 *
 * The file system of the scan directory itself doesn't count: where that hangs
 * there is nothing to be done.
 */
#ifndef ENGINE_REMOTE_H
#define ENGINE_REMOTE_H

#include <limits.h>
#include <stdbool.h>

#include "base/mounts.h"

struct remote {
	struct mounts mounts;
	int changes_fd; /* owned; becomes ready when mounts change; -1 */
	bool is_known;
	bool is_new;           /* mounts have changed since the last scan */
	char folder[PATH_MAX]; /* the scan directory */
};

/* Before a scan of the cwd. Costs one system call unless mounts have changed.
 */
void remote_refresh(struct remote *remote);
void remote_end(struct remote *remote);

/* Whether there is any such file system. */
static inline bool remote_is_any(const struct remote *remote)
{
	return remote->mounts.len > 0;
}

/*
 * Whether `name`, in the scan directory, leads to one; `place`, of PATH_MAX
 * bytes, is where that is mounted. False with `place` being where it leads to.
 */
bool remote_is_at(const struct remote *remote, const char *name, char *place);

/* The same of what is in the service directory at `path`, which is local, and
 * in its log. */
bool remote_is_within(const struct remote *remote, const char *path,
		      char *place);

#endif
