/* status.c -- see status.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "log/line.h"
#include "log/status.h"
#include "log/trouble.h"

int status_open(struct status *status, const char *path)
{
	int fd = open(path,
		      O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_CLOEXEC,
		      0600);

	*status = (struct status){.path = path, .fd = -1};
	if (fd == -1) {
		diag_fatal_errno("unable to create %s", path);
		return -1;
	}
	close(fd);
	/* Not to append: each line overwrites the one before. */
	status->fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (status->fd == -1) {
		diag_fatal_errno("unable to write %s", path);
		return -1;
	}
	return 0;
}

int status_flush(struct status *status)
{
	char record[LINE_LIMIT + 1];
	size_t len = status->len;
	ssize_t done;

	if (!status->line)
		return 0;
	if (len > LINE_LIMIT)
		len = LINE_LIMIT;
	memcpy(record, status->line, len);
	memset(record + len, '\n', sizeof(record) - len);
	status->line = NULL;
	for (;;) {
		if (lseek(status->fd, 0, SEEK_SET) == -1) {
			if (trouble("unable to move to beginning of %s",
				    status->path) == -1)
				return -1;
			continue;
		}
		done = write(status->fd, record, sizeof(record));
		if (done == (ssize_t)sizeof(record))
			return 0;
		if (done >= 0)
			errno = ENOSPC; /* what a short write means */
		if (trouble("unable to write %s", status->path) == -1)
			return -1;
	}
}

void status_close(struct status *status)
{
	close(status->fd);
	status->fd = -1;
}
