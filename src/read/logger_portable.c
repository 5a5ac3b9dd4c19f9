/* logger_portable.c -- locate_of_logger() where nobody can be asked. */
#include <errno.h>

#include "read/locate.h"

int locate_of_logger(pid_t pid, char *out, size_t size_bytes)
{
	(void)pid;
	(void)out;
	(void)size_bytes;
	errno = ENOSYS;
	return -1;
}
