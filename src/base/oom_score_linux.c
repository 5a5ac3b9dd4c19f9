/* oom_score_linux.c -- see oom_score.h; /proc/self/oom_score_adj of proc(5). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/oom_score.h"

#define OOM_SCORE "/proc/self/oom_score_adj"
#define OOM_NEVER (-1000)

static int write_score(int fd, int64_t score)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld\n", (long long)score);
	return fd_write_all(fd, text, strlen(text));
}

int oom_score_set(int64_t score)
{
	int fd, error, result;

	fd = openat(AT_FDCWD, OOM_SCORE, O_WRONLY | O_CLOEXEC);
	if (fd == -1)
		return -1;
	result = write_score(fd, score);
	error = errno;
	close(fd);
	errno = error;
	return result;
}

/* Each start makes these calls, and the open(2) of musl would be two. */
void oom_score_set_at_exec(int64_t score)
{
	int fd = openat(AT_FDCWD, OOM_SCORE, O_WRONLY | O_CLOEXEC);

	if (fd != -1)
		write_score(fd, score);
}

bool oom_score_set_to_never(int64_t *before)
{
	char text[32];
	long count = fd_read_file(AT_FDCWD, OOM_SCORE, text, sizeof(text) - 1);

	if (count <= 0)
		return false;
	text[count] = '\0';
	*before = strtoll(text, NULL, 10);
	return *before != OOM_NEVER && oom_score_set(OOM_NEVER) == 0;
}
