/* favour_portable.c -- see favour.h, for systems that have none of it. */
#include <errno.h>

#include "chain/favour.h"

int favour_set_io(const struct io_priority *priority)
{
	(void)priority;
	errno = ENOSYS;
	return -1;
}

int favour_refuse_privileges(void)
{
	errno = ENOSYS;
	return -1;
}
