/* scope_linux.c -- see scope.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/fd.h"
#include "base/strb.h"
#include "engine/rules.h"
#include "engine/scope.h"
#include "service/config.h"

#define NAME_PREFIX "holdfast-"

static bool wants_one(const struct site *site)
{
	return rules_of(site)->kill_scope == CONFIG_SCOPE_CGROUP;
}

/* Where cgroups of version 2 are, as the fifth field of a line of mountinfo
 * says. */
static bool find_mount(struct strb *path)
{
	char line[SCOPE_PATH_SIZE], place[SCOPE_PATH_SIZE];
	FILE *file = fopen("/proc/self/mountinfo", "re");
	bool is_found = false;

	while (file && !is_found && fgets(line, sizeof(line), file)) {
		if (strstr(line, " - cgroup2 ") &&
		    sscanf(line, "%*s %*s %*s %*s %511s", place) == 1) {
			strb_add(path, place);
			is_found = true;
		}
	}
	if (file)
		fclose(file);
	return is_found;
}

/* Adds the directory of the cgroup that a process is in; `process` is its
 * number or "self". */
static bool find_cgroup(const char *process, struct strb *path)
{
	char name[32], text[4 * SCOPE_PATH_SIZE], *line, *end;
	long count;

	snprintf(name, sizeof(name), "/proc/%s/cgroup", process);
	count = fd_read_file(AT_FDCWD, name, text, sizeof(text) - 1);
	if (count <= 0 || !find_mount(path))
		return false;
	text[count] = '\0';
	line = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
	if (!line)
		return false;
	line = strchr(line, '/');
	end = line ? strchr(line, '\n') : NULL;
	if (!end)
		return false;
	*end = '\0';
	if (strcmp(line, "/") != 0)
		strb_add(path, line);
	return !path->is_cut;
}

/* Adds that of the service, which need not be there. */
static bool name_own(const struct site *site, struct strb *path)
{
	struct stat status;

	if (fstat(site->dir_fd, &status) == -1 || !find_cgroup("self", path))
		return false;
	strb_add_format(path, "/" NAME_PREFIX "%llx.%llx",
			(unsigned long long)status.st_dev,
			(unsigned long long)status.st_ino);
	return !path->is_cut;
}

static bool make(const struct site *site, struct strb *path)
{
	size_t len;
	bool has_kill;

	if (!name_own(site, path) ||
	    (mkdir(path->data, 0755) == -1 && errno != EEXIST))
		return false;
	len = path->len;
	strb_add(path, "/cgroup.kill");
	has_kill = !path->is_cut && access(path->data, W_OK) == 0;
	path->len = len;
	path->data[len] = '\0';
	strb_add(path, "/cgroup.procs");
	return has_kill && !path->is_cut;
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
	bool is_done;
	int fd;

	snprintf(process, sizeof(process), "%d", (int)pid);
	if (!wants_one(site) || pid == 0 || !find_cgroup(process, &path) ||
	    !strstr(strrchr(path.data, '/'), "/" NAME_PREFIX))
		return false;
	strb_add(&path, "/cgroup.kill");
	fd = path.is_cut ? -1 : open(path.data, O_WRONLY | O_CLOEXEC);
	if (fd == -1)
		return false;
	is_done = write(fd, "1", 1) == 1;
	close(fd);
	return is_done;
}

void scope_remove(const struct site *site)
{
	char room[SCOPE_PATH_SIZE];
	struct strb path = strb_on(room, sizeof(room));

	if (wants_one(site) && name_own(site, &path))
		rmdir(path.data); /* not while something is in it */
}
