/* archive.c -- see archive.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/strb.h"
#include "base/tai64n.h"
#include "log/archive.h"
#include "log/logdir.h"
#include "log/trouble.h"

/* "@LABEL.CODE" and its '\0'. */
#define NAME_SIZE (TAI64N_LABEL_SIZE + 1 + ARCHIVE_CODE_MAX + 1)

/* Long enough for any entry's name (d_name's own size isn't portable). */
#define ENTRY_SIZE 256

/* What a full `current` leaves of a total; one byte if it leaves nothing. */
static uint64_t bytes_for_old(const struct logdir_config *limits)
{
	if (limits->total_limit == 0)
		return 0;
	if (limits->total_limit <= limits->size_limit)
		return 1;
	return limits->total_limit - limits->size_limit;
}

int archive_open(struct archive *archive, const struct logdir_config *limits,
		 int dir_fd)
{
	int fd, error;

	*archive =
		(struct archive){.path = limits->path,
				 .safe_code = limits->code ? limits->code : "s",
				 .dir_fd = dir_fd,
				 .count_limit = limits->count_limit,
				 .bytes_limit = bytes_for_old(limits)};
	/* A descriptor of its own: fdopendir() takes it, with its offset. */
	fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return -1;
	archive->entries = fdopendir(fd);
	if (!archive->entries) {
		error = errno;
		close(fd);
		errno = error;
		return -1;
	}
	return 0;
}

void archive_close(struct archive *archive)
{
	if (archive->entries)
		closedir(archive->entries);
	archive->entries = NULL;
}

int archive_remove(struct archive *archive, const char *name)
{
	while (unlinkat(archive->dir_fd, name, 0) == -1 && errno != ENOENT) {
		if (trouble("unable to remove %s/%s", archive->path, name) ==
		    -1)
			return -1;
	}
	return 0;
}

int archive_sync(struct archive *archive)
{
	/* EINVAL: a file system that has nothing to sync for a directory. */
	while (fsync(archive->dir_fd) == -1 && errno != EINVAL) {
		if (trouble("unable to write directory %s to disk",
			    archive->path) == -1)
			return -1;
	}
	return 0;
}

static struct timespec next_nanosecond(struct timespec moment)
{
	if (++moment.tv_nsec == 1000000000L) {
		moment.tv_nsec = 0;
		moment.tv_sec++;
	}
	return moment;
}

/*
 * Now, or just after the last label where the clock is too coarse to tell
 * the two apart. A clock that was set back is believed.
 */
static struct timespec new_label(const struct archive *archive)
{
	struct timespec now = tai64n_now(), last = archive->last_at;

	if (now.tv_sec == last.tv_sec && now.tv_nsec <= last.tv_nsec &&
	    last.tv_nsec - now.tv_nsec < 1000000)
		return next_nanosecond(last);
	return now;
}

/* Links `name` to a label that no file has; leaves it in last_at. */
static int link_label(struct archive *archive, const char *name,
		      enum archive_condition condition)
{
	const char *code = condition == ARCHIVE_SAFE ? archive->safe_code : "u";
	char label[NAME_SIZE];

	archive->last_at = new_label(archive);
	for (;;) {
		tai64n_format(archive->last_at, label);
		label[TAI64N_LABEL_SIZE] = '.';
		memcpy(label + TAI64N_LABEL_SIZE + 1, code, strlen(code) + 1);
		if (linkat(archive->dir_fd, name, archive->dir_fd, label, 0) ==
		    0)
			return 0;
		if (errno == EEXIST)
			archive->last_at = next_nanosecond(archive->last_at);
		else if (trouble("unable to link to %s/%s", archive->path,
				 label) == -1)
			return -1;
	}
}

static bool looks_old(const char *name)
{
	size_t len = strlen(name);

	return name[0] == '@' && len >= TAI64N_LABEL_SIZE && len < ENTRY_SIZE;
}

static bool is_regular(const struct archive *archive,
		       const struct dirent *entry)
{
	struct stat st;

#ifdef DT_REG /* saves a system call for each old file at each rotation */
	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type == DT_REG;
#endif
	/* What can't be told, or is gone, is left alone. */
	return fstatat(archive->dir_fd, entry->d_name, &st,
		       AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(st.st_mode);
}

/* Tells once, of the first of them, that an entry stays. */
static void tell_kept(struct archive *archive, const char *name,
		      const char *reason)
{
	if (!archive->has_warned)
		diag_warn("unable to remove %s/%s, keeping it: %s",
			  archive->path, name, reason);
	archive->has_warned = true;
}

/* The old files whose names come after a certain one. */
struct census {
	unsigned long count;
	uint64_t bytes;         /* counted only if there is a limit */
	char first[ENTRY_SIZE]; /* of their names */
};

static uint64_t size_of(const struct archive *archive, const char *name)
{
	struct stat st;

	if (archive->bytes_limit == 0 ||
	    fstatat(archive->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return 0;
	return (uint64_t)st.st_size;
}

/* -1 with errno when the directory can't be read. */
static int take_census(struct archive *archive, const char *after,
		       struct census *census)
{
	struct dirent *entry;

	*census = (struct census){0};
	rewinddir(archive->entries);
	while (errno = 0, (entry = readdir(archive->entries))) {
		const char *name = entry->d_name;

		if (!looks_old(name) || strcmp(name, after) <= 0)
			continue;
		if (!is_regular(archive, entry)) {
			tell_kept(archive, name, "not a file");
			continue;
		}
		census->bytes += size_of(archive, name);
		if (++census->count == 1 || strcmp(name, census->first) < 0)
			memcpy(census->first, name, strlen(name) + 1);
	}
	return errno == 0 ? 0 : -1;
}

static bool is_within_limits(const struct archive *archive,
			     const struct census *census)
{
	return census->count < archive->count_limit &&
	       (archive->bytes_limit == 0 ||
		census->bytes <= archive->bytes_limit);
}

/*
 * Removes the oldest files until the rest is within the limits. One that
 * can't be removed is passed over from then on: it is neither counted nor
 * tried again in this round.
 */
static int trim(struct archive *archive)
{
	char kept[ENTRY_SIZE] = "";
	struct census census;

	for (;;) {
		if (take_census(archive, kept, &census) == -1) {
			if (trouble("unable to read %s", archive->path) == -1)
				return -1;
			continue;
		}
		if (is_within_limits(archive, &census))
			return 0;
		if (unlinkat(archive->dir_fd, census.first, 0) == 0 ||
		    errno == ENOENT)
			continue;
		tell_kept(archive, census.first, diag_reason(errno));
		memcpy(kept, census.first, sizeof(kept));
	}
}

bool archive_yield(struct archive *archive, unsigned long kept_count)
{
	struct census census;

	if (take_census(archive, "", &census) == -1 ||
	    census.count <= kept_count ||
	    unlinkat(archive->dir_fd, census.first, 0) == -1)
		return false;
	diag_warn("out of disk space, removed %s/%s", archive->path,
		  census.first);
	return true;
}

int archive_finish(struct archive *archive, const char *name,
		   enum archive_condition condition)
{
	struct stat st;

	while (fstatat(archive->dir_fd, name, &st, 0) == -1) {
		if (errno == ENOENT)
			return 0;
		if (trouble("unable to stat %s/%s", archive->path, name) == -1)
			return -1;
	}
	if (st.st_nlink == 1 && link_label(archive, name, condition) == -1)
		return -1;
	/* The new name must be on disk before the old one goes. */
	if (archive_sync(archive) == -1 || archive_remove(archive, name) == -1)
		return -1;
	return trim(archive);
}
