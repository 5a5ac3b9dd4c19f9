/* tools.c -- see tools.h. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/self.h"
#include "base/strb.h"
#include "cmd/sv/tools.h"

/* All that plans have scripts call. */
static const char *const names[] = {"chpst", "multilog", "setuidgid",
				    "softlimit"};

/* Whether the first `len` bytes of `folder`, "" being the current one, have a
 * program of that name. */
static bool find_in(const char *folder, size_t len, const char *name,
		    struct stat *status)
{
	char room[PATH_MAX];
	struct strb path = strb_on(room, sizeof(room));

	strb_add_bytes(&path, folder, len);
	strb_add(&path, len == 0 ? "./" : "/");
	strb_add(&path, name);
	return !path.is_cut && stat(room, status) == 0 &&
	       S_ISREG(status->st_mode) && access(room, X_OK) == 0;
}

/* Whether that name, searched for in `path`, leads to another program. */
static bool is_anothers(const char *folder, const char *path, const char *name)
{
	struct stat ours, found;

	if (!find_in(folder, strlen(folder), name, &ours))
		return false;
	for (;;) {
		size_t len = strcspn(path, ":");

		if (find_in(path, len, name, &found))
			return found.st_dev != ours.st_dev ||
			       found.st_ino != ours.st_ino;
		if (path[len] == '\0')
			return false;
		path += len + 1;
	}
}

const char *tools_folder(char room[PATH_MAX])
{
	struct stat status;

	if (self_folder(room, PATH_MAX) == -1)
		return NULL;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!find_in(room, strlen(room), names[i], &status))
			return NULL;
	}
	return room;
}

const char *tools_folder_if_needed(char room[PATH_MAX])
{
	const char *folder = tools_folder(room), *path = getenv("PATH");

	if (!folder || !path)
		return NULL;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (is_anothers(folder, path, names[i]))
			return folder;
	}
	return NULL;
}
