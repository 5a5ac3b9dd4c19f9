/* lock.c -- see lock.h. */
#include <fcntl.h>
#include <stddef.h>
#include <sys/file.h>

#include "chain/lock.h"

const char *lock_take(const char *path, bool is_waiting, int *fd)
{
	/* Without O_NONBLOCK a FIFO would be waited for, lock or no lock. */
	*fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, 0600);

	if (*fd == -1)
		return "open";
	if (flock(*fd, is_waiting ? LOCK_EX : LOCK_EX | LOCK_NB) == -1)
		return "lock";
	return NULL;
}
