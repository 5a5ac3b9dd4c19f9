/* cgroup_linux.c -- see cgroup.h. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "engine/cgroup.h"

static bool is_octal(char letter)
{
	return letter >= '0' && letter <= '7';
}

/* Blanks, tabs, newlines and backslashes are three octal digits after one. */
static void add_decoded(struct strb *path, const char *field)
{
	while (*field != '\0' && *field != ' ') {
		char letter = *field++;

		if (letter == '\\' && is_octal(field[0]) &&
		    is_octal(field[1]) && is_octal(field[2])) {
			letter = (char)((field[0] - '0') * 64 +
					(field[1] - '0') * 8 + field[2] - '0');
			field += 3;
		}
		strb_add_bytes(path, &letter, 1);
	}
}

/* It is the fifth field. */
bool cgroup_add_mount(struct strb *path, const char *line)
{
	if (!strstr(line, " - cgroup2 "))
		return false;
	for (int i = 0; i < 4; i++) {
		line = strchr(line, ' ');
		if (!line)
			return false;
		line++;
	}
	add_decoded(path, line);
	return *line == '/' && !path->is_cut;
}

static bool find_mount(struct strb *path)
{
	char line[CGROUP_PATH_SIZE];
	FILE *file = fopen("/proc/self/mountinfo", "re");
	bool is_found = false;

	while (file && !is_found && fgets(line, sizeof(line), file)) {
		is_found = cgroup_add_mount(path, line);
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
