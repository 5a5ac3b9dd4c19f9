/* favour_linux.c -- see favour.h; ioprio_set(2), proc(5) and prctl(2). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "chain/favour.h"

/* Neither libc has names for these. Source: ioprio_set(2). */
#define WHO_PROCESS 1
#define CLASS_SHIFT 13

int favour_set_io(const struct io_priority *priority)
{
	int number = (int)priority->class << CLASS_SHIFT | (int)priority->level;

	return (int)syscall(SYS_ioprio_set, WHO_PROCESS, 0, number);
}

int favour_set_oom_score(int64_t score)
{
	char text[32];
	int fd, error, result;

	fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (fd == -1)
		return -1;
	snprintf(text, sizeof(text), "%lld\n", (long long)score);
	result = fd_write_all(fd, text, strlen(text));
	error = errno;
	close(fd);
	errno = error;
	return result;
}

int favour_refuse_privileges(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}
