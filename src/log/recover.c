/* recover.c -- see recover.h, and logdir_open() in logdir.h. */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/memory.h"
#include "log/durable.h"
#include "log/logdir.h"
#include "log/recover.h"
#include "log/trouble.h"

/* What is wrong with a directory isn't fatal if others may do. */
#define TELL(dir, ...)                                                         \
	((dir)->config.is_optional ? diag_warn_errno(__VA_ARGS__)              \
				   : diag_fatal_errno(__VA_ARGS__))

/* Whether a file exists, and is complete. */
enum condition { ABSENT, INCOMPLETE, COMPLETE, UNKNOWN };

/*
 * UNKNOWN is with errno. A link is none of our files, wherever it leads: who
 * may write here could have us write, or cut off, any file that we may.
 */
static enum condition condition_of(int dir_fd, const char *name,
				   struct stat *st)
{
	if (fstatat(dir_fd, name, st, AT_SYMLINK_NOFOLLOW) == -1)
		return errno == ENOENT ? ABSENT : UNKNOWN;
	if (S_ISLNK(st->st_mode))
		return INCOMPLETE;
	return st->st_mode & S_IXUSR ? COMPLETE : INCOMPLETE;
}

int recover_create(int dir_fd, const char *name)
{
	return openat(dir_fd, name,
		      O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW |
			      O_NONBLOCK | O_CLOEXEC,
		      0644);
}

/* Syncs a file by name; what can't be opened was never ours to sync. */
static int sync_file(struct archive *archive, const char *name)
{
	int result;
	int fd = openat(archive->dir_fd, name,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd == -1)
		return 0;
	result = durable_file(archive->dir_fd, archive->path, name, fd);
	close(fd);
	return result;
}

int recover_leftovers(struct archive *archive)
{
	struct stat st;

	if (condition_of(archive->dir_fd, "processed", &st) == COMPLETE) {
		/* Synced before its mode was set, though maybe not since. */
		if (sync_file(archive, "processed") == -1 ||
		    archive_remove(archive, "previous") == -1)
			return -1;
		return archive_finish(archive, "processed", ARCHIVE_SAFE);
	}
	if (archive_remove(archive, "processed") == -1)
		return -1;
	return archive_finish(archive, "previous", ARCHIVE_UNFINISHED);
}

/* After a clean end: goes on where it stopped. Other files stay. */
static int resume(struct logdir *dir, const struct stat *current)
{
	struct stat st;

	dir->size_bytes = (uint64_t)current->st_size;
	dir->current_fd = openat(dir->dir_fd, "current",
				 O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK |
					 O_CLOEXEC);
	if (dir->current_fd == -1) {
		TELL(dir, "unable to append to %s/current", dir->config.path);
		return -1;
	}
	dir->has_leftovers =
		condition_of(dir->dir_fd, "previous", &st) != ABSENT ||
		condition_of(dir->dir_fd, "processed", &st) == COMPLETE;
	return 0;
}

/* After an outage, or at first: finishes what was begun, starts afresh. */
static int restart(struct logdir *dir)
{
	struct archive *archive = &dir->archive;
	int state_fd;

	if (archive_remove(archive, "state") == -1 ||
	    archive_remove(archive, "newstate") == -1 ||
	    recover_leftovers(archive) == -1 ||
	    archive_finish(archive, "current", ARCHIVE_UNFINISHED) == -1)
		return -1;
	state_fd = recover_create(dir->dir_fd, "state");
	if (state_fd == -1) {
		TELL(dir, "unable to write to %s/state", dir->config.path);
		return -1;
	}
	close(state_fd);
	dir->current_fd = recover_create(dir->dir_fd, "current");
	if (dir->current_fd == -1) {
		TELL(dir, "unable to write to %s/current", dir->config.path);
		return -1;
	}
	return archive_sync(archive);
}

static int open_current(struct logdir *dir)
{
	const char *path = dir->config.path;
	struct stat current, processed;
	enum condition condition =
		condition_of(dir->dir_fd, "current", &current);
	int opened;

	if (condition == UNKNOWN) {
		TELL(dir, "unable to stat %s/current", path);
		return -1;
	}
	if (condition != COMPLETE &&
	    condition_of(dir->dir_fd, "processed", &processed) == UNKNOWN) {
		TELL(dir, "unable to stat %s/processed", path);
		return -1;
	}
	opened = condition == COMPLETE ? resume(dir, &current) : restart(dir);
	if (opened == -1)
		return -1;
	if (fchmod(dir->current_fd, 0644) == -1) {
		TELL(dir, "unable to set mode of %s/current", path);
		return -1;
	}
	return 0;
}

static int lock(struct logdir *dir)
{
	dir->lock_fd = openat(dir->dir_fd, "lock",
			      O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW |
				      O_NONBLOCK | O_CLOEXEC,
			      0600);
	if (dir->lock_fd == -1 ||
	    flock(dir->lock_fd, LOCK_EX | LOCK_NB) == -1) {
		TELL(dir, "unable to lock directory %s", dir->config.path);
		return -1;
	}
	return 0;
}

static void close_if_open(int fd)
{
	if (fd != -1)
		close(fd);
}

int logdir_open(struct logdir *dir, const struct logdir_config *config)
{
	*dir = (struct logdir){.config = *config,
			       .chunk_limit = config->tail_bytes < CHUNK_BYTES
						      ? config->tail_bytes
						      : CHUNK_BYTES,
			       .dir_fd = -1,
			       .lock_fd = -1,
			       .current_fd = -1};
	dir->pieces = memory_get(LOGDIR_PIECES * sizeof(*dir->pieces));
	if (!dir->pieces) {
		diag_fatal("out of memory");
		return -1;
	}
	if (!config->is_optional)
		mkdir(config->path, 0700); /* opening it tells of trouble */
	dir->dir_fd = open(config->path,
			   O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);
	if (dir->dir_fd == -1 ||
	    archive_open(&dir->archive, config, dir->dir_fd) == -1) {
		TELL(dir, "unable to open directory %s", config->path);
		goto out;
	}
	if (lock(dir) == 0 && open_current(dir) == 0) {
		dir->is_open = true;
		return 0;
	}
out:
	archive_close(&dir->archive);
	close_if_open(dir->current_fd);
	close_if_open(dir->lock_fd);
	close_if_open(dir->dir_fd);
	memory_free(dir->pieces, LOGDIR_PIECES * sizeof(*dir->pieces));
	return -1;
}
