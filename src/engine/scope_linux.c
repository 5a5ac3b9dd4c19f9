/* scope_linux.c -- see scope.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/strb.h"
#include "engine/cgroup.h"
#include "engine/knob.h"
#include "engine/rules.h"
#include "engine/scope.h"
#include "service/config.h"

#define NAME_PREFIX "holdfast-"

static bool wants_one(const struct site *site)
{
	return rules_of(site)->kill_scope == CONFIG_SCOPE_CGROUP;
}

/* Adds that of the service, which need not be there. */
static bool name_own(const struct site *site, struct strb *path)
{
	struct stat status;

	if (fstat(site->dir_fd, &status) == -1 || !cgroup_find("self", path))
		return false;
	strb_add_format(path, "/" NAME_PREFIX "%llx.%llx",
			(unsigned long long)status.st_dev,
			(unsigned long long)status.st_ino);
	return !path->is_cut;
}

static bool make(const struct site *site, struct strb *path)
{
	if (!name_own(site, path) ||
	    (mkdir(path->data, 0755) == -1 && errno != EEXIST) ||
	    !knob_is_there(path->data, "cgroup.kill"))
		return false;
	strb_add(path, "/cgroup.procs");
	return !path->is_cut;
}

bool scope_make(struct site *site, char path[SCOPE_PATH_SIZE])
{
	struct strb text = strb_on(path, SCOPE_PATH_SIZE);

	if (!wants_one(site))
		return false;
	errno = ENOENT;
	if (make(site, &text)) {
		site->is_scope_missed = false;
		return true;
	}
	if (!site->is_scope_missed)
		diag_warn_errno("unable to make a cgroup for %s/kill-scope, "
				"using the process group",
				site->name);
	site->is_scope_missed = true;
	return false;
}

bool scope_kill(const struct site *site, pid_t pid)
{
	char room[SCOPE_PATH_SIZE], process[16];
	struct strb path = strb_on(room, sizeof(room));

	snprintf(process, sizeof(process), "%d", (int)pid);
	return wants_one(site) && pid != 0 && cgroup_find(process, &path) &&
	       strstr(strrchr(room, '/'), "/" NAME_PREFIX) &&
	       knob_turn(room, "cgroup.kill", "1");
}

void scope_remove(const struct site *site)
{
	char room[SCOPE_PATH_SIZE];
	struct strb path = strb_on(room, sizeof(room));

	if (wants_one(site) && name_own(site, &path))
		rmdir(path.data); /* not while something is in it */
}
