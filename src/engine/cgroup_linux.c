/* cgroup_linux.c -- see cgroup.h. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "engine/cgroup.h"

/* Where cgroups of version 2 are, as the fifth field of a line of mountinfo
 * says. */
static bool find_mount(struct strb *path)
{
	char line[CGROUP_PATH_SIZE], place[CGROUP_PATH_SIZE];
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

bool cgroup_find(const char *process, struct strb *path)
{
	char name[32], text[4 * CGROUP_PATH_SIZE], *line, *end;
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
