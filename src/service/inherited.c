/* inherited.c -- see inherited.h. */
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/strb.h"
#include "service/inherited.h"

static int pipe_from(const char *text)
{
	struct stat status;
	char *end;
	long fd = text ? strtol(text, &end, 10) : -1;

	if (fd <= STDERR_FILENO || fd > INT_MAX || *end != '\0' ||
	    fstat((int)fd, &status) == -1 || !S_ISFIFO(status.st_mode))
		return -1;
	fcntl((int)fd, F_SETFD, FD_CLOEXEC);
	return (int)fd;
}

int inherited_pipe(const char *variable)
{
	int fd = pipe_from(getenv(variable));

	unsetenv(variable);
	return fd;
}

void inherited_hand_down(int fd, const char *variable, bool keep)
{
	char number[16];
	struct strb text = strb_on(number, sizeof(number));

	if (fd == -1)
		return;
	strb_add_format(&text, "%d", fd);
	fcntl(fd, F_SETFD, keep ? 0 : FD_CLOEXEC);
	if (keep)
		setenv(variable, number, 1);
	else
		unsetenv(variable);
}
