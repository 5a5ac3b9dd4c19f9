/* queue.c -- see queue.h. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "read/moment.h"
#include "read/queue.h"
#include "read/source.h"
#include "read/stamp.h"

/* Remembers a file that hasn't got its last name. */
static int remember(struct queue *queue, const struct log_file *file)
{
	struct log_file copy = *file;

	if (file->fd != -1)
		copy.fd = fcntl(file->fd, F_DUPFD_CLOEXEC, 0);
	return listing_add(&queue->pending, &copy);
}

/* Puts the file into the queue, which then owns its descriptor. */
static int take_up(struct queue *queue, struct log_file *file)
{
	if (file->kind != LOG_OLD && remember(queue, file) == -1)
		return -1;
	if (listing_add(&queue->files, file) == -1)
		return -1;
	file->fd = -1;
	return 0;
}

int queue_open(struct queue *queue, const char *path)
{
	int error;

	*queue = (struct queue){.path = path};
	queue->dir_fd =
		open(path, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);
	if (queue->dir_fd == -1)
		return -1;
	if (listing_read(queue->dir_fd, &queue->known, NULL) == -1)
		goto out;
	for (size_t i = 0; i < queue->known.count; i++) {
		if (take_up(queue, &queue->known.files[i]) == -1)
			goto out;
	}
	return 0;
out:
	error = errno;
	queue_close(queue);
	errno = error;
	return -1;
}

void queue_close(struct queue *queue)
{
	listing_free(&queue->files);
	listing_free(&queue->known);
	listing_free(&queue->pending);
	if (queue->dir_fd != -1)
		close(queue->dir_fd);
	queue->dir_fd = -1;
}

bool queue_has_moved_on(const struct queue *queue, const struct log_file *file)
{
	struct stat st;

	return fstatat(queue->dir_fd, "current", &st, 0) == -1 ||
	       st.st_ino != file->inode || st.st_dev != file->device;
}

/* The stamp that a file begins with. */
static bool first_stamp(int dir_fd, struct log_file *file,
			struct timespec *stamp)
{
	struct source source;
	char start[STAMP_SIZE + 1];
	size_t len = 0;

	if (listing_open(dir_fd, file) == -1 ||
	    source_open(&source, file->fd, 0, false) == -1)
		return false;
	while (len < sizeof(start)) {
		long got =
			source_read(&source, start + len, sizeof(start) - len);

		if (got <= 0)
			break;
		len += (size_t)got;
	}
	source_close(&source, true);
	return stamp_parse(start, len, stamp) > 0;
}

/* A file got its label: what is known of its end counts. */
static void settle(struct queue *queue, const struct log_file *file,
		   size_t pending)
{
	for (size_t i = 0; i < queue->files.count; i++) {
		struct log_file *queued = &queue->files.files[i];

		if (queued->inode == file->inode &&
		    queued->device == file->device)
			queued->is_cut = file->is_cut;
	}
	/* Files get their labels in order: those before have theirs, too. */
	listing_drop(&queue->pending, pending + 1);
}

/*
 * Whether `file` may be what a processor made of the first pending file,
 * which is gone. Else it is younger, and lines were lost.
 */
static bool is_copy(struct queue *queue, struct log_file *file,
		    const struct timespec *last)
{
	struct timespec first;

	if (!last || !first_stamp(queue->dir_fd, file, &first) ||
	    !moment_is_before(*last, first))
		return true;
	diag_warn("%s: files were removed before they could be read",
		  queue->path);
	return false;
}

static bool is_new_old_file(struct queue *queue, const struct listing *now,
			    struct log_file *file, const struct timespec *last)
{
	const struct log_file *pending = queue->pending.files;
	const struct log_file *same =
		listing_find(&queue->pending, file->device, file->inode);
	bool is_known;

	if (listing_has_label(&queue->known, file->end_at))
		return false;
	if (same) {
		settle(queue, file, (size_t)(same - pending));
		return false;
	}
	if (queue->pending.count == 0 ||
	    listing_find(now, pending->device, pending->inode))
		return true;
	is_known = is_copy(queue, file, last);
	listing_drop(&queue->pending, 1);
	return !is_known;
}

/* Whether the file has to be read, as neither it nor its like was. */
static bool is_new(struct queue *queue, const struct listing *now,
		   struct log_file *file, const struct timespec *last)
{
	struct log_file *pending = queue->pending.files;

	if (file->kind == LOG_OLD)
		return is_new_old_file(queue, now, file, last);
	if (listing_find(&queue->pending, file->device, file->inode))
		return false;
	if (file->is_processed && queue->pending.count > 0 &&
	    !listing_find(now, pending->device, pending->inode)) {
		/* The first has become this one, which gets the label. */
		if (pending->fd != -1)
			close(pending->fd);
		*pending = *file;
		file->fd = -1;
		return false;
	}
	return true;
}

int queue_refresh(struct queue *queue, const struct timespec *last)
{
	struct listing now;

	if (listing_read(queue->dir_fd, &now, &queue->known) == -1)
		return -1;
	for (size_t i = 0; i < now.count; i++) {
		struct log_file *file = &now.files[i];

		if (is_new(queue, &now, file, last) &&
		    take_up(queue, file) == -1) {
			listing_free(&now);
			return -1;
		}
	}
	listing_free(&queue->known);
	queue->known = now;
	/* Their descriptors aren't needed: those of queued files are theirs. */
	for (size_t i = 0; i < queue->known.count; i++) {
		struct log_file *file = &queue->known.files[i];

		if (file->fd != -1)
			close(file->fd);
		file->fd = -1;
	}
	return 0;
}
