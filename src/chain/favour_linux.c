/* favour_linux.c -- see favour.h; ioprio_set(2) and prctl(2). */
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "chain/favour.h"

/* Neither libc has names for these. Source: ioprio_set(2). */
#define WHO_PROCESS 1
#define CLASS_SHIFT 13

int favour_set_io(const struct io_priority *priority)
{
	int number = (int)priority->class << CLASS_SHIFT | (int)priority->level;

	return (int)syscall(SYS_ioprio_set, WHO_PROCESS, 0, number);
}

int favour_refuse_privileges(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}
