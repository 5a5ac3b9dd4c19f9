/* output.c -- see output.h. */
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chain/output.h"

/* Those without a name are all on one device, where no FIFO is. */
static bool is_nameless(const struct stat *status)
{
	struct stat other;
	bool result;
	int ends[2];

	if (pipe(ends) == -1)
		return false;
	result = fstat(ends[0], &other) == 0 && other.st_dev == status->st_dev;
	close(ends[0]);
	close(ends[1]);
	return result;
}

static void give(int fd, gid_t gid)
{
	struct stat status;
	mode_t mode;

	if (fstat(fd, &status) == -1 || !S_ISFIFO(status.st_mode))
		return;
	mode = status.st_mode & 07777;
	if (is_nameless(&status)) {
		(void)fchmod(fd, mode | S_IWGRP | S_IWOTH);
		return;
	}
	/* No other group gets what the last one had. */
	mode &= ~(mode_t)(S_IRWXG | S_IRWXO);
	if (status.st_gid == gid || fchown(fd, (uid_t)-1, gid) == 0)
		(void)fchmod(fd, mode | S_IWGRP);
}

void output_give(gid_t gid)
{
	give(STDOUT_FILENO, gid);
	give(STDERR_FILENO, gid);
}
