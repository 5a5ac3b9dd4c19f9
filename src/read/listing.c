/* listing.c -- see listing.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/tai64n.h"
#include "read/listing.h"
#include "read/moment.h"

/* A logger that rotates faster than a directory can be read twice, so often
 * in a row, isn't waited for. */
#define TRIES 100

/* Moves the files to the beginning of their block. */
static void close_gap(struct listing *listing)
{
	if (listing->gap_count > 0 && listing->count > 0)
		memmove(listing->block, listing->files,
			listing->count * sizeof(listing->files[0]));
	listing->files = listing->block;
	listing->gap_count = 0;
}

int listing_add(struct listing *listing, const struct log_file *file)
{
	if (listing->gap_count + listing->count == listing->room)
		close_gap(listing);
	if (listing->count == listing->room) {
		size_t room = listing->room > 0 ? 2 * listing->room : 16;
		struct log_file *block =
			realloc(listing->block, room * sizeof(*block));

		if (!block)
			return -1;
		listing->block = block;
		listing->files = block;
		listing->room = room;
	}
	listing->files[listing->count++] = *file;
	return 0;
}

static void close_file(struct log_file *file)
{
	if (file->fd != -1)
		close(file->fd);
	file->fd = -1;
}

/*
 * A log of many files is dropped one by one. All that are left move only when
 * they are no more than those that went.
 */
void listing_drop(struct listing *listing, size_t count)
{
	if (count == 0)
		return;
	for (size_t i = 0; i < count; i++)
		close_file(&listing->files[i]);
	listing->files += count;
	listing->count -= count;
	listing->gap_count += count;
	if (listing->gap_count >= listing->count)
		close_gap(listing);
}

void listing_free(struct listing *listing)
{
	listing_drop(listing, listing->count);
	free(listing->block);
	*listing = (struct listing){.files = NULL};
}

const struct log_file *listing_find(const struct listing *listing, dev_t device,
				    ino_t inode)
{
	for (size_t i = 0; i < listing->count; i++) {
		const struct log_file *file = &listing->files[i];

		if (file->device == device && file->inode == inode)
			return file;
	}
	return NULL;
}

static bool is_same_moment(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

bool listing_has_label(const struct listing *listing, struct timespec label)
{
	for (size_t i = 0; i < listing->count; i++) {
		const struct log_file *file = &listing->files[i];

		if (file->kind == LOG_OLD &&
		    is_same_moment(file->end_at, label))
			return true;
	}
	return false;
}

/*
 * What an entry is, by its name. svlogd's @LABEL.t is a copy in the making,
 * and its original is there until it is done.
 */
static bool recognise(const char *name, struct log_file *file)
{
	size_t len = strlen(name);

	*file = (struct log_file){.fd = -1};
	if (len >= sizeof(file->name))
		return false;
	memcpy(file->name, name, len + 1);
	if (strcmp(name, "current") == 0) {
		file->kind = LOG_CURRENT;
	} else if (strcmp(name, "previous") == 0 ||
		   strcmp(name, "processed") == 0) {
		file->kind = LOG_FULL;
		file->is_processed = name[2] == 'o';
	} else {
		file->kind = LOG_OLD;
		if (len < TAI64N_LABEL_SIZE ||
		    !tai64n_parse(name, &file->end_at) ||
		    (len > TAI64N_LABEL_SIZE && name[TAI64N_LABEL_SIZE] != '.'))
			return false;
		name += TAI64N_LABEL_SIZE;
		if (strcmp(name, ".t") == 0)
			return false;
		file->is_cut = strncmp(name, ".u", 2) == 0;
	}
	return true;
}

static int compare(const void *left, const void *right)
{
	const struct log_file *a = left, *b = right;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (moment_is_before(a->end_at, b->end_at))
		return -1;
	if (moment_is_before(b->end_at, a->end_at))
		return 1;
	return strcmp(a->name, b->name);
}

/* The names of all entries that look like files of a log, in order. */
static int scan(DIR *entries, struct listing *listing)
{
	struct dirent *entry;

	rewinddir(entries);
	while (errno = 0, (entry = readdir(entries))) {
		struct log_file file;

		if (recognise(entry->d_name, &file) &&
		    listing_add(listing, &file) == -1)
			return -1;
	}
	if (errno != 0)
		return -1;
	if (listing->count > 0)
		qsort(listing->files, listing->count, sizeof(listing->files[0]),
		      compare);
	return 0;
}

static bool has_same_names(const struct listing *a, const struct listing *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (strcmp(a->files[i].name, b->files[i].name) != 0)
			return false;
	}
	return true;
}

/*
 * Leaves out what is gone or no file, and what is there twice: a file that has
 * its label already, and not yet lost its other name; `processed` beside
 * `previous`; a copy of an old file under the same label, with something after
 * its name.
 */
static void leave_out_doubles(struct listing *listing)
{
	size_t kept = 0;

	for (size_t i = 0; i < listing->count; i++) {
		struct log_file *file = &listing->files[i];
		struct log_file *last =
			kept > 0 ? &listing->files[kept - 1] : NULL;
		bool is_double = file->inode == 0;

		for (size_t j = 0; file->kind != LOG_OLD && j < kept; j++) {
			if (listing->files[j].inode == file->inode &&
			    listing->files[j].device == file->device)
				is_double = true;
		}
		if (last && last->kind == file->kind &&
		    (file->kind == LOG_FULL ||
		     (file->kind == LOG_OLD &&
		      is_same_moment(last->end_at, file->end_at))))
			is_double = true;
		if (is_double)
			close_file(file);
		else
			listing->files[kept++] = *file;
	}
	listing->count = kept;
}

/* Takes down which file it is; one without an identity gets it. */
static void identify(struct log_file *file, const struct stat *st)
{
	file->device = st->st_dev;
	file->inode = st->st_ino;
	file->size_bytes = st->st_size;
}

int listing_open(int dir_fd, struct log_file *file)
{
	struct stat st;
	int fd;

	if (file->fd != -1)
		return 0;
	fd = openat(dir_fd, file->name,
		    O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == -1 || st.st_ino != file->inode ||
	    st.st_dev != file->device) {
		close(fd);
		errno = ENOENT; /* another file has the name now */
		return -1;
	}
	file->fd = fd;
	return 0;
}

/*
 * Finds out about the files that change their names soon, and opens them.
 * False: one has done so already.
 */
static bool open_latest(int dir_fd, struct listing *listing)
{
	for (size_t i = listing->count; i > 0; i--) {
		struct log_file *file = &listing->files[i - 1];
		struct stat st;

		if (file->kind == LOG_OLD)
			return true;
		if (fstatat(dir_fd, file->name, &st, 0) == -1)
			return false;
		if (!S_ISREG(st.st_mode) ||
		    (file->is_processed && !(st.st_mode & S_IXUSR)))
			continue; /* without an identity, it is left out */
		identify(file, &st);
		if (listing_open(dir_fd, file) == -1 && errno == ENOENT)
			return false;
	}
	return true;
}

/* The same for old files, which stay what they are. */
static void look_at_old(int dir_fd, struct listing *listing,
			const struct listing *known)
{
	size_t next = 0;

	for (size_t i = 0; i < listing->count; i++) {
		struct log_file *file = &listing->files[i];
		struct stat st;

		if (file->kind != LOG_OLD)
			return;
		while (known && next < known->count &&
		       compare(&known->files[next], file) < 0)
			next++;
		if (known && next < known->count &&
		    compare(&known->files[next], file) == 0) {
			file->device = known->files[next].device;
			file->inode = known->files[next].inode;
			file->size_bytes = known->files[next].size_bytes;
		} else if (fstatat(dir_fd, file->name, &st, 0) == 0 &&
			   S_ISREG(st.st_mode)) {
			identify(file, &st);
		}
	}
}

/*
 * Rotation renames files while the directory is being read, so that one may
 * be missed. Each rotation adds a label, though: when the names are the same
 * before and after the latest files were opened, there was none, and nothing
 * was missed. Names alone are read in much less time than a file takes to
 * fill, however many there are.
 */
static int take_snapshot(DIR *entries, struct listing *now)
{
	struct listing after = {.files = NULL};
	int result = -1;

	for (int i = 0; i < TRIES; i++) {
		bool is_sure;

		listing_free(now);
		if (scan(entries, now) == -1)
			goto out;
		is_sure = open_latest(dirfd(entries), now);
		listing_free(&after);
		if (scan(entries, &after) == -1)
			goto out;
		if (is_sure && has_same_names(now, &after))
			break;
	}
	result = 0;
out:
	listing_free(&after);
	return result;
}

int listing_read(int dir_fd, struct listing *listing,
		 const struct listing *known)
{
	struct listing now = {.files = NULL};
	int fd, error, result = -1;
	DIR *entries = NULL;

	fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return -1;
	entries = fdopendir(fd);
	if (!entries || take_snapshot(entries, &now) == -1)
		goto out;
	look_at_old(dir_fd, &now, known);
	leave_out_doubles(&now);
	*listing = now;
	now = (struct listing){.files = NULL};
	result = 0;
out:
	error = errno;
	if (entries)
		closedir(entries);
	else
		close(fd);
	listing_free(&now);
	errno = error;
	return result;
}
