/* logger_linux.c -- locate_of_logger(), see locate.h; proc(5). */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/strb.h"
#include "read/locate.h"

/*
 * Cuts "/current" off. A file that is being rotated is still open, and may be
 * named `previous` already.
 */
static bool cut_name(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash || slash == path ||
	    (strcmp(slash, "/current") != 0 && strcmp(slash, "/previous") != 0))
		return false;
	*slash = '\0';
	return true;
}

/*
 * A logger opens its directories in the order of its arguments, so of several
 * the first has the lowest number.
 */
int locate_of_logger(pid_t pid, char *out, size_t size_bytes)
{
	char folder[40], target[PATH_MAX];
	struct strb path = strb_on(folder, sizeof(folder));
	struct dirent *entry;
	long lowest = LONG_MAX;
	DIR *entries;

	strb_add_format(&path, "/proc/%ld/fd", (long)pid);
	entries = opendir(folder);
	if (!entries)
		return -1;
	while ((entry = readdir(entries))) {
		long number = strtol(entry->d_name, NULL, 10);
		ssize_t len = readlinkat(dirfd(entries), entry->d_name, target,
					 sizeof(target) - 1);

		if (len <= 0 || target[0] != '/' || number >= lowest)
			continue;
		target[len] = '\0';
		if (!cut_name(target) || strlen(target) >= size_bytes)
			continue;
		memcpy(out, target, strlen(target) + 1);
		lowest = number;
	}
	closedir(entries);
	errno = ENOENT;
	return lowest == LONG_MAX ? -1 : 0;
}
