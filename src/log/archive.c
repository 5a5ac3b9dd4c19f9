/* archive.c -- see archive.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/strb.h"
#include "base/tai64n.h"
#include "log/archive.h"
#include "log/logdir.h"
#include "log/request.h"
#include "log/trouble.h"

/* "@LABEL.CODE" and its '\0'. */
#define NAME_SIZE (TAI64N_LABEL_SIZE + 1 + ARCHIVE_CODE_MAX + 1)

/* Long enough for any entry's name (d_name's own size isn't portable). */
#define ENTRY_SIZE 256

/* Bytes, while many files are removed. */
#define BATCH_SIZE ((size_t)8 << 20)

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

/*
 * Some names, at least one, that are the first of all that were offered. Room
 * for twice as many is sorted now and then, and its second half forgotten.
 */
struct batch {
	char (*names)[ENTRY_SIZE]; /* borrowed; `capacity`, two or more */
	size_t capacity, count;
	bool has_forgotten; /* ... all behind names[capacity / 2 - 1] */
};

/*
 * The old files, oldest first: those with a label later than the last one that
 * was given were made before the clock was set back, so they come before the
 * others. By the label alone it would be the newest lines that go.
 */
struct census {
	char kept[2][ENTRY_SIZE]; /* by is_ahead: passed over, up to this */
	unsigned long count;      /* of the others */
	uint64_t bytes;           /* counted only if there is a limit */
	bool is_ahead;            /* the first ones are */
	struct batch first;
};

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void clear_batch(struct batch *batch)
{
	batch->count = 0;
	batch->has_forgotten = false;
}

static void sort_batch(struct batch *batch)
{
	qsort(batch->names, batch->count, ENTRY_SIZE, compare_names);
}

static void offer(struct batch *batch, const char *name)
{
	size_t half = batch->capacity / 2;

	if (batch->has_forgotten && strcmp(name, batch->names[half - 1]) > 0)
		return;
	memcpy(batch->names[batch->count++], name, strlen(name) + 1);
	if (batch->count < batch->capacity)
		return;
	sort_batch(batch);
	batch->count = half;
	batch->has_forgotten = true;
}

static uint64_t size_of(const struct archive *archive, const char *name)
{
	struct stat st;

	if (archive->bytes_limit == 0 ||
	    fstatat(archive->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return 0;
	return (uint64_t)st.st_size;
}

/* Whether a name's label is later than the last one that was given, or now. */
static bool is_ahead(const struct archive *archive, const char *name)
{
	bool has_given = archive->last_at.tv_sec != 0;
	char last[TAI64N_LABEL_SIZE];

	tai64n_format(has_given ? archive->last_at : tai64n_now(), last);
	return memcmp(name, last, sizeof(last)) > 0;
}

/* Takes a name into account. */
static void count_file(struct archive *archive, struct census *census,
		       const char *name)
{
	bool is_first = is_ahead(archive, name);

	if (strcmp(name, census->kept[is_first]) <= 0)
		return;
	census->bytes += size_of(archive, name);
	census->count++;
	if (is_first && !census->is_ahead) {
		census->is_ahead = true;
		clear_batch(&census->first);
	}
	if (is_first == census->is_ahead)
		offer(&census->first, name);
}

/*
 * Counts, and finds the first names, sorted; census->first has room for them.
 * -1 with errno when the directory can't be read.
 */
static int take_census(struct archive *archive, struct census *census)
{
	struct dirent *entry;

	census->count = 0;
	census->bytes = 0;
	census->is_ahead = false;
	clear_batch(&census->first);
	rewinddir(archive->entries);
	while (errno = 0, (entry = readdir(archive->entries))) {
		const char *name = entry->d_name;

		if (!looks_old(name))
			continue;
		if (is_regular(archive, entry))
			count_file(archive, census, name);
		else
			tell_kept(archive, name, "not a file");
	}
	if (errno != 0)
		return -1;
	sort_batch(&census->first);
	return 0;
}

static bool is_within_limits(const struct archive *archive,
			     const struct census *census)
{
	return census->count < archive->count_limit &&
	       (archive->bytes_limit == 0 ||
		census->bytes <= archive->bytes_limit);
}

/*
 * Removes the first files of a census until the rest is within the limits:
 * whether it is. One that can't be removed is passed over from then on, and
 * not counted any more.
 */
static bool remove_first(struct archive *archive, struct census *census)
{
	for (size_t i = 0; i < census->first.count; i++) {
		const char *name = census->first.names[i];
		uint64_t bytes;

		if (is_within_limits(archive, census))
			return true;
		bytes = size_of(archive, name);
		if (unlinkat(archive->dir_fd, name, 0) == -1 &&
		    errno != ENOENT) {
			tell_kept(archive, name, diag_reason(errno));
			memcpy(census->kept[census->is_ahead], name,
			       ENTRY_SIZE);
		}
		census->count--;
		census->bytes -= bytes < census->bytes ? bytes : census->bytes;
	}
	return is_within_limits(archive, census);
}

/*
 * Removes the oldest files until the rest is within the limits. As a rule that
 * is one. If it is many, since a limit was lowered, they are found by
 * thousands: to read a long directory once for each would take hours, in which
 * nothing is logged. A stop is obeyed between two readings.
 */
static int trim(struct archive *archive)
{
	char room[2][ENTRY_SIZE];
	struct census census = {.first = {room, 2, 0, false}};
	void *large = NULL;
	int result = -1;

	for (;;) {
		if (take_census(archive, &census) == -1) {
			if (trouble("unable to read %s", archive->path) == -1)
				goto out;
			continue;
		}
		if (remove_first(archive, &census) || request_is_stopping())
			break;
		if (!large && (large = memory_get(BATCH_SIZE)))
			census.first = (struct batch){
				large, BATCH_SIZE / ENTRY_SIZE, 0, false};
	}
	result = 0;
out:
	if (large)
		memory_free(large, BATCH_SIZE);
	return result;
}

bool archive_yield(struct archive *archive, unsigned long kept_count)
{
	char room[2][ENTRY_SIZE];
	struct census census = {.first = {room, 2, 0, false}};

	if (take_census(archive, &census) == -1 || census.count <= kept_count ||
	    unlinkat(archive->dir_fd, room[0], 0) == -1)
		return false;
	diag_warn("out of disk space, removed %s/%s", archive->path, room[0]);
	return true;
}

int archive_finish(struct archive *archive, const char *name,
		   enum archive_condition condition)
{
	struct stat st;

	while (fstatat(archive->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == -1) {
		if (errno == ENOENT)
			return 0;
		if (trouble("unable to stat %s/%s", archive->path, name) == -1)
			return -1;
	}
	if (S_ISLNK(st.st_mode)) /* no file of ours: see recover.c */
		return archive_remove(archive, name);
	if (st.st_nlink == 1 && link_label(archive, name, condition) == -1)
		return -1;
	/* The new name must be on disk before the old one goes. */
	if (archive_sync(archive) == -1 || archive_remove(archive, name) == -1)
		return -1;
	return trim(archive);
}
