/*
 * logdir.c -- writing and rotating; see logdir.h. Starting is in recover.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/memory.h"
#include "log/durable.h"
#include "log/logdir.h"
#include "log/processor.h"
#include "log/recover.h"
#include "log/request.h"
#include "log/trouble.h"

/* Adds to the pieces; what is next to the last one makes that longer. */
static void note(struct logdir *dir, const char *bytes, size_t count)
{
	size_t end = dir->first_piece + dir->piece_count;

	dir->pending_bytes += count;
	if (dir->piece_count > 0) {
		struct iovec *last = &dir->pieces[end - 1];

		if ((char *)last->iov_base + last->iov_len == bytes) {
			last->iov_len += count;
			return;
		}
	}
	/* writev(2) doesn't write through the pointer. */
	dir->pieces[end] = (struct iovec){(void *)bytes, count};
	dir->piece_count++;
}

void logdir_end_chunk(struct logdir *dir)
{
	dir->chunk_bytes = 0;
	if (dir->size_bytes + dir->pending_bytes >=
	    dir->config.size_limit - dir->config.tail_bytes)
		logdir_flush(dir);
}

const char *logdir_first_pending(const struct logdir *dir)
{
	return dir->pending_bytes == 0 ? NULL
				       : dir->pieces[dir->first_piece].iov_base;
}

void logdir_put(struct logdir *dir, const char *bytes, size_t count)
{
	if (dir->chunk_bytes + count > dir->chunk_limit)
		logdir_end_chunk(dir);
	if (dir->first_piece + dir->piece_count == LOGDIR_PIECES)
		logdir_flush(dir);
	note(dir, bytes, count);
	dir->chunk_bytes += count;
	if (count > dir->chunk_limit)
		logdir_end_chunk(dir);
}

/* Forgets the first `count` of the pending bytes. */
static void drop(struct logdir *dir, size_t count)
{
	dir->pending_bytes -= count;
	while (count > 0) {
		struct iovec *piece = &dir->pieces[dir->first_piece];

		if (count < piece->iov_len) {
			piece->iov_base = (char *)piece->iov_base + count;
			piece->iov_len -= count;
			return;
		}
		count -= piece->iov_len;
		dir->first_piece++;
		dir->piece_count--;
	}
	if (dir->piece_count == 0)
		dir->first_piece = 0;
}

/* The length of `bytes` up to and including its last newline, or 0. */
static size_t len_of_lines(const char *bytes, size_t len)
{
	while (len > 0 && bytes[len - 1] != '\n')
		len--;
	return len;
}

/*
 * How much to write next: as much as fits, but no further than the last line's
 * end where that would reach the tail.
 */
static size_t choose_len(const struct logdir *dir)
{
	size_t room = dir->config.size_limit - (size_t)dir->size_bytes;
	size_t len = dir->pending_bytes < room ? dir->pending_bytes : room;
	size_t i = dir->first_piece, before = 0;

	if (dir->size_bytes + len <
	    dir->config.size_limit - dir->config.tail_bytes)
		return len;
	/* Find the piece that holds byte len-1, then go back from there. */
	while (before + dir->pieces[i].iov_len < len)
		before += dir->pieces[i++].iov_len;
	for (size_t in_piece = len - before;;
	     in_piece = dir->pieces[i].iov_len) {
		size_t lines = len_of_lines(dir->pieces[i].iov_base, in_piece);

		if (lines > 0)
			return before + lines;
		if (i == dir->first_piece)
			return len;
		before -= dir->pieces[--i].iov_len;
	}
}

/* One writev(2) of the first `len` pending bytes. */
static ssize_t write_some(struct logdir *dir, size_t len)
{
	struct iovec *first = &dir->pieces[dir->first_piece], *last = first;
	size_t before = 0, whole;
	ssize_t done;

	for (; before + last->iov_len < len; last++)
		before += last->iov_len;
	whole = last->iov_len;
	last->iov_len = len - before;
	done = writev(dir->current_fd, first, (int)(last - first + 1));
	last->iov_len = whole;
	return done;
}

/* The pending byte at `offset`. */
static char byte_at(const struct logdir *dir, size_t offset)
{
	size_t i = dir->first_piece;

	while (offset >= dir->pieces[i].iov_len)
		offset -= dir->pieces[i++].iov_len;
	return ((const char *)dir->pieces[i].iov_base)[offset];
}

/*
 * After a failure, with errno, which stays: whether an old file made room on
 * a full disk, so that it can be tried again at once.
 */
static bool has_made_room(struct logdir *dir)
{
	int error = errno;
	bool has_removed = (error == ENOSPC || error == EDQUOT) &&
			   dir->config.is_yielding &&
			   archive_yield(&dir->archive, dir->config.kept_count);

	errno = error;
	return has_removed;
}

/*
 * `current` becomes `previous`, and a new `current` is made: 0, or -1 when it
 * gave up; then current_fd is whichever file still takes bytes.
 */
static int start_file(struct logdir *dir)
{
	const char *path = dir->config.path;
	int full_fd = dir->current_fd, fd, result = -1;

	if (durable_file(dir->dir_fd, path, "current", full_fd) == -1)
		return -1;
	while (renameat(dir->dir_fd, "current", dir->dir_fd, "previous") ==
	       -1) {
		if (trouble("unable to rename current to previous in "
			    "directory %s",
			    path) == -1)
			return -1;
	}
	while ((fd = recover_create(dir->dir_fd, "current")) == -1) {
		if (!has_made_room(dir) &&
		    trouble("unable to create %s/current", path) == -1)
			return -1;
	}
	dir->current_fd = fd;
	dir->size_bytes = 0;
	dir->due_ms = 0;
	while (fchmod(fd, 0644) == -1) {
		if (trouble("unable to set mode of %s/current", path) == -1)
			goto out;
	}
	while (fchmod(full_fd, 0744) == -1) {
		if (trouble("unable to set mode of %s/previous", path) == -1)
			goto out;
	}
	result = 0;
out:
	close(full_fd);
	return result;
}

static int rotate(struct logdir *dir)
{
	if (dir->before_rotation)
		dir->before_rotation(dir->context);
	/* The renaming would destroy what a clean start left alone. */
	if (dir->has_leftovers && recover_leftovers(&dir->archive) == -1)
		return -1;
	dir->has_leftovers = false;
	if (start_file(dir) == -1)
		return -1;
	if (!dir->config.processor)
		return archive_finish(&dir->archive, "previous", ARCHIVE_SAFE);
	if (processor_run(&dir->archive, dir->config.processor) == -1)
		return -1;
	return archive_finish(&dir->archive, "processed", ARCHIVE_SAFE);
}

void logdir_rotate(struct logdir *dir)
{
	if (dir->size_bytes > 0 && !dir->is_stuck && rotate(dir) == -1)
		dir->is_stuck = true;
}

void logdir_rotate_aged(struct logdir *dir)
{
	if (dir->due_ms != 0 && request_now_ms() >= dir->due_ms)
		logdir_rotate(dir);
}

/* Notes when `current`, which is no longer empty, will be too old. */
static void begin_age(struct logdir *dir)
{
	int64_t age_ms = (int64_t)dir->config.age_limit_s * 1000;

	if (age_ms == 0 || dir->due_ms != 0)
		return;
	dir->due_ms = request_now_ms() + age_ms;
	request_wake_at(dir->due_ms);
}

/* The last effort: no limit and no pause. A long file beats a lost line. */
static void write_stuck(struct logdir *dir)
{
	while (dir->pending_bytes > 0) {
		ssize_t done = write_some(dir, dir->pending_bytes);

		if (done <= 0) {
			dir->lost_bytes += dir->pending_bytes;
			drop(dir, dir->pending_bytes);
			return;
		}
		drop(dir, (size_t)done);
	}
}

void logdir_flush(struct logdir *dir)
{
	const struct logdir_config *config = &dir->config;

	while (dir->pending_bytes > 0 && !dir->is_stuck) {
		ssize_t done;
		bool ends_line;

		if (dir->size_bytes >= config->size_limit) {
			logdir_rotate(dir);
			continue;
		}
		done = write_some(dir, choose_len(dir));
		if (done <= 0) {
			if (done == 0)
				errno = ENOSPC; /* what writing nothing means */
			if (!has_made_room(dir) &&
			    trouble("unable to write to %s/current",
				    config->path) == -1)
				dir->is_stuck = true;
			continue;
		}
		begin_age(dir);
		ends_line = byte_at(dir, (size_t)done - 1) == '\n';
		drop(dir, (size_t)done);
		dir->size_bytes += (uint64_t)done;
		if (ends_line &&
		    dir->size_bytes >= config->size_limit - config->tail_bytes)
			logdir_rotate(dir);
	}
	write_stuck(dir);
}

/* Marks `current` as complete: 0, or -1 when it gave up. */
static int complete_current(struct logdir *dir)
{
	const char *path = dir->config.path;

	if (durable_file(dir->dir_fd, path, "current", dir->current_fd) == -1)
		return -1;
	if (archive_sync(&dir->archive) == -1)
		return -1;
	while (fchmod(dir->current_fd, 0744) == -1) {
		if (trouble("unable to set mode of %s/current", path) == -1)
			return -1;
	}
	return 0;
}

void logdir_abandon(struct logdir *dir)
{
	close(dir->current_fd);
	archive_close(&dir->archive);
	close(dir->dir_fd);
	close(dir->lock_fd);
	dir->is_open = false;
	memory_free(dir->pieces, LOGDIR_PIECES * sizeof(*dir->pieces));
}

int logdir_close(struct logdir *dir)
{
	int result = -1;

	logdir_flush(dir);
	if (dir->is_stuck)
		fsync(dir->current_fd); /* the mode stays: it isn't complete */
	else
		result = complete_current(dir);
	if (dir->lost_bytes > 0)
		diag_warn("%s/current: the last %" PRIu64
			  " bytes were not written",
			  dir->config.path, dir->lost_bytes);
	logdir_abandon(dir);
	return result;
}
