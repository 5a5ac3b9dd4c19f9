/*
 * once.h -- how a program under test tells on whoever starts it twice.
 *
 * In its directory it keeps "only", locked for life: who finds it locked leaves
 * a "violation". "history" has a line "PID NANOSECONDS" (CLOCK_MONOTONIC) for
 * each start.
 */
#ifndef FAULT_ONCE_H
#define FAULT_ONCE_H

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

static void append_to(const char *name, const char *line, int len)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

	if (fd == -1 || write(fd, line, (size_t)len) != len)
		_exit(112);
	close(fd);
}

/* Notes this start, in the current directory. Ends the process if it isn't the
 * only one; else it holds the lock from here on. */
static void note_start(void)
{
	struct timespec now;
	char line[64];
	int len, fd = open("only", O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	clock_gettime(CLOCK_MONOTONIC, &now);
	len = snprintf(line, sizeof(line), "%d %lld\n", (int)getpid(),
		       (long long)now.tv_sec * 1000000000 + now.tv_nsec);
	if (fd == -1 || flock(fd, LOCK_EX | LOCK_NB) == -1) {
		append_to("violation", line, len);
		_exit(113);
	}
	append_to("history", line, len);
}

#endif
