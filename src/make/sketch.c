/* sketch.c -- see sketch.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "make/sketch.h"
#include "make/tree.h"

#define DIRECTORY_MODE 0755

/* ---- drawing ---- */

static struct sketch_entry *add(struct sketch *sketch, const char *path,
				mode_t mode)
{
	struct sketch_entry *entries =
		realloc(sketch->entries,
			(sketch->count + 1) * sizeof(*sketch->entries));
	struct sketch_entry *entry;

	if (!entries) {
		sketch->is_short = true;
		return NULL;
	}
	sketch->entries = entries;
	entry = &entries[sketch->count];
	*entry = (struct sketch_entry){.path = strdup(path), .mode = mode};
	if (!entry->path) {
		sketch->is_short = true;
		return NULL;
	}
	sketch->count++;
	return entry;
}

void sketch_add_directory(struct sketch *sketch, const char *path, mode_t mode)
{
	add(sketch, path, mode);
}

void sketch_add_file(struct sketch *sketch, const char *path, mode_t mode,
		     const char *text)
{
	struct sketch_entry *entry = add(sketch, path, mode);

	if (!entry)
		return;
	entry->text = strdup(text);
	if (!entry->text)
		sketch->is_short = true;
}

void sketch_own(struct sketch *sketch, uid_t uid, gid_t gid)
{
	struct sketch_entry *entry;

	if (sketch->count == 0)
		return;
	entry = &sketch->entries[sketch->count - 1];
	entry->has_owner = true;
	entry->uid = uid;
	entry->gid = gid;
}

void sketch_free(struct sketch *sketch)
{
	for (size_t i = 0; i < sketch->count; i++) {
		free(sketch->entries[i].path);
		free(sketch->entries[i].text);
	}
	free(sketch->entries);
	*sketch = (struct sketch){.entries = NULL};
}

/* ---- showing ---- */

static void print_text(const char *text, FILE *out)
{
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");

		fprintf(out, "    %.*s\n", (int)len, text);
		text += len + (text[len] == '\n');
	}
}

void sketch_print(const struct sketch *sketch, const char *title, FILE *out)
{
	for (size_t i = 0; i < sketch->count; i++) {
		const struct sketch_entry *entry = &sketch->entries[i];

		fprintf(out, "%s/%s%s (mode %04o", title, entry->path,
			entry->text ? "" : "/", (unsigned)entry->mode);
		if (entry->has_owner)
			fprintf(out, ", owner %lu:%lu",
				(unsigned long)entry->uid,
				(unsigned long)entry->gid);
		fputs(")\n", out);
		if (entry->text)
			print_text(entry->text, out);
	}
}

/* ---- making ---- */

static int make_file(const struct sketch_entry *entry, int dir_fd)
{
	int error, result = -1;
	int fd = openat(dir_fd, entry->path,
			O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd == -1)
		return -1;
	if (fd_write_all(fd, entry->text, strlen(entry->text)) == -1)
		goto out;
	if (entry->has_owner && fchown(fd, entry->uid, entry->gid) == -1)
		goto out;
	/* Last, as a new owner takes bits away; and whatever the umask is. */
	if (fchmod(fd, entry->mode) == -1 || fsync(fd) == -1)
		goto out;
	result = 0;
out:
	error = errno;
	close(fd);
	errno = error;
	return result;
}

static int make_directory(const struct sketch_entry *entry, int dir_fd)
{
	if (mkdirat(dir_fd, entry->path, 0700) == -1)
		return -1;
	if (entry->has_owner && fchownat(dir_fd, entry->path, entry->uid,
					 entry->gid, AT_SYMLINK_NOFOLLOW) == -1)
		return -1;
	return fchmodat(dir_fd, entry->path, entry->mode, 0);
}

/* The names in a directory are on disk when that is synced. */
static int sync_directory(int dir_fd, const char *path)
{
	int fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int error, result;

	if (fd == -1)
		return -1;
	result = fsync(fd);
	error = errno;
	close(fd);
	errno = error;
	return result;
}

static int fill(const struct sketch *sketch, int dir_fd, const char *path,
		struct problem *problem)
{
	for (size_t i = 0; i < sketch->count; i++) {
		const struct sketch_entry *entry = &sketch->entries[i];
		int done = entry->text ? make_file(entry, dir_fd)
				       : make_directory(entry, dir_fd);

		if (done == -1)
			return problem_note(problem, "make", "%s/%s", path,
					    entry->path);
	}
	for (size_t i = 0; i < sketch->count; i++) {
		if (!sketch->entries[i].text &&
		    sync_directory(dir_fd, sketch->entries[i].path) == -1)
			return problem_note(problem, "write to disk", "%s/%s",
					    path, sketch->entries[i].path);
	}
	if (fchmod(dir_fd, DIRECTORY_MODE) == -1 || fsync(dir_fd) == -1)
		return problem_note(problem, "make", "%s", path);
	return 0;
}

static bool is_there(int dir_fd, const char *name)
{
	struct stat status;

	return fstatat(dir_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

/* As `aside`, which then gets its name. */
static int make_aside(const struct sketch *sketch, int parent_fd,
		      const char *aside, const char *path,
		      struct problem *problem)
{
	int dir_fd, result;

	if (tree_remove(parent_fd, aside) == -1 ||
	    mkdirat(parent_fd, aside, 0700) == -1)
		return problem_note(problem, "make", "%s", path);
	dir_fd = openat(parent_fd, aside,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir_fd == -1)
		return problem_note(problem, "open", "%s", path);
	result = fill(sketch, dir_fd, path, problem);
	close(dir_fd);
	return result;
}

int sketch_make(const struct sketch *sketch, int parent_fd, const char *path,
		const char *name, struct problem *problem)
{
	char aside[NAME_MAX + 1], whole[PATH_MAX];
	struct strb text = strb_on(aside, sizeof(aside));
	struct strb shown = strb_on(whole, sizeof(whole));

	strb_add_format(&shown, "%s/%s", path, name);
	strb_add_format(&text, ".%s.new", name);
	errno = text.is_cut                 ? ENAMETOOLONG
		: sketch->is_short          ? ENOMEM
		: is_there(parent_fd, name) ? EEXIST
					    : 0;
	if (errno != 0)
		return problem_note(problem, "make", "%s", whole);
	if (make_aside(sketch, parent_fd, aside, whole, problem) == -1)
		goto out;
	if (renameat(parent_fd, aside, parent_fd, name) == 0 &&
	    fsync(parent_fd) == 0)
		return 0;
	problem_note(problem, "make", "%s", whole);
out:
	tree_remove(parent_fd, aside);
	return -1;
}
