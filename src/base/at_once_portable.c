/* at_once_portable.c -- see at_once.h; a system that has nothing like it. */
#include <errno.h>

#include "base/at_once.h"

long at_once_apart(int fd, const void *bytes, size_t count)
{
	(void)fd;
	(void)bytes;
	(void)count;
	errno = ENOSYS;
	return -1;
}
