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

/* Adds the last part of the path of that of the service. */
static bool add_name(const struct site *site, struct strb *path)
{
	struct stat status;

	if (fstat(site->dir_fd, &status) == -1)
		return false;
	strb_add_format(path, "/" NAME_PREFIX "%llx.%llx",
			(unsigned long long)status.st_dev,
			(unsigned long long)status.st_ino);
	return !path->is_cut;
}

/* Adds that of the service, which need not be there. */
static bool name_own(const struct site *site, struct strb *path)
{
	return cgroup_find("self", path) && add_name(site, path);
}

/* The same, where its process is. Its number may be another's by now, who is
 * elsewhere. */
static bool find_own(const struct site *site,
		     const struct loop_process *process, struct strb *path)
{
	char number[16], own[80];
	struct strb name = strb_on(own, sizeof(own));
	const char *last;

	snprintf(number, sizeof(number), "%d", (int)process->pid);
	if (!cgroup_find(number, path) || !add_name(site, &name) ||
	    loop_process_signal(process, 0) == -1)
		return false;
	last = strrchr(path->data, '/');
	return last && strcmp(last, own) == 0;
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

bool scope_kill(const struct site *site, const struct loop_process *process)
{
	char room[SCOPE_PATH_SIZE];
	struct strb path = strb_on(room, sizeof(room));

	return wants_one(site) && find_own(site, process, &path) &&
	       knob_turn(room, "cgroup.kill", "1");
}

void scope_remove(const struct site *site)
{
	char room[SCOPE_PATH_SIZE];
	struct strb path = strb_on(room, sizeof(room));

	if (wants_one(site) && name_own(site, &path))
		rmdir(path.data); /* not while something is in it */
}
