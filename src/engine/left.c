/* left.c -- see left.h. */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdint.h>
#include <unistd.h>

#include "base/self.h"
#include "base/strb.h"
#include "engine/left.h"
#include "engine/recall.h"
#include "service/scan_control.h"
#include "service/trust.h"

#define LEFT_DIR SCAN_DIR "/left"

static void name_link(const struct entry *entry, struct strb *link)
{
	strb_add_format(link, LEFT_DIR "/%" PRIuMAX "-%" PRIuMAX,
			(uintmax_t)entry->device, (uintmax_t)entry->inode);
}

void left_note(int state_fd, struct entry *entry)
{
	char path[PATH_MAX], room[80];
	struct strb link = strb_on(room, sizeof(room));

	if (entry->is_noted ||
	    self_path_of(entry->dir_fd, path, sizeof(path)) == -1)
		return;
	name_link(entry, &link);
	mkdirat(state_fd, LEFT_DIR, 0700);
	unlinkat(state_fd, room,
		 0); /* it may lead to where the directory was before */
	entry->is_noted = symlinkat(path, state_fd, room) == 0;
}

void left_forget(int state_fd, struct entry *entry)
{
	char room[80];
	struct strb link = strb_on(room, sizeof(room));

	if (!entry->is_noted)
		return;
	name_link(entry, &link);
	unlinkat(state_fd, room, 0);
	entry->is_noted = false;
}

/* Whether the service, or its logger, was hosted until a supervisor died. */
static bool was_hosted(int dir_fd, struct eras *eras)
{
	bool result = recall_was_hosted(dir_fd, eras);
	int log_fd;

	if (result)
		return true;
	log_fd = openat(dir_fd, "log", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (log_fd == -1)
		return false;
	result = recall_was_hosted(log_fd, eras);
	close(log_fd);
	return result;
}

static bool is_wanted(const char *path, struct eras *eras, struct stat *status)
{
	int dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool result;

	if (dir_fd == -1)
		return false;
	result = fstat(dir_fd, status) == 0 && was_hosted(dir_fd, eras);
	close(dir_fd);
	return result;
}

void left_visit(int state_fd, struct eras *eras,
		void (*visit)(void *with, const char *path,
			      const struct stat *status),
		void *with)
{
	int fd = openat(state_fd, LEFT_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *links = fd == -1 ? NULL : fdopendir(fd);
	struct dirent *link;

	/* What they lead to is run. */
	while (links && trust_directory(dirfd(links), true) &&
	       (link = readdir(links))) {
		char path[PATH_MAX];
		struct stat status;
		ssize_t len = readlinkat(dirfd(links), link->d_name, path,
					 sizeof(path) - 1);

		if (len <= 0)
			continue; /* "." and "..", or not ours */
		path[len] = '\0';
		if (is_wanted(path, eras, &status))
			visit(with, path, &status);
		else
			unlinkat(dirfd(links), link->d_name, 0);
	}
	if (links)
		closedir(links);
	else if (fd != -1)
		close(fd);
}
