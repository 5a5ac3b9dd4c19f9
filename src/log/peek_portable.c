/* peek_portable.c -- see peek.h; a system that can only read. */
#include <errno.h>

#include "log/peek.h"

bool peek_open(struct peek *peek, int fd)
{
	*peek = (struct peek){.fd = fd};
	return false;
}

long peek_read(struct peek *peek, void *out, size_t size_bytes)
{
	(void)peek;
	(void)out;
	(void)size_bytes;
	errno = ENOSYS;
	return -1;
}

void peek_drop(struct peek *peek, size_t count)
{
	(void)peek;
	(void)count;
}

void peek_close(struct peek *peek)
{
	(void)peek;
}
