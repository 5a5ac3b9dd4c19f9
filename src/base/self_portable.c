/* self_portable.c -- see self.h; a system that has neither. */
#include <errno.h>

#include "base/self.h"

int self_adopt_orphans(void)
{
	errno = ENOSYS;
	return -1;
}

int self_folder(char *out, size_t size_bytes)
{
	(void)out;
	(void)size_bytes;
	errno = ENOSYS;
	return -1;
}
