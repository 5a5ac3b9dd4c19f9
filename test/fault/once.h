/*
 * once.h -- how a program under test tells on whoever starts it twice.
 *
 * In its directory it keeps "only", locked for life: who finds it locked leaves
 * a "violation". "history" has a line "PID NANOSECONDS" for each start: before
 * what moment there may be no other, on CLOCK_MONOTONIC, as the supervisor has
 * put it on record ("start-due-ns", a second after it decided on this start). A
 * busy machine may let a process begin at any time after that decision.
 */
#ifndef FAULT_ONCE_H
#define FAULT_ONCE_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static void append_to(const char *name, const char *line, int len)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

	if (fd == -1 || write(fd, line, (size_t)len) != len)
		_exit(112);
	close(fd);
}

static long long next_start_ns(void)
{
	static const char key[] = "\nstart-due-ns=";
	char text[4096];
	const char *at;
	int fd = open("supervise/state", O_RDONLY | O_CLOEXEC);
	ssize_t count = read(fd, text, sizeof(text) - 1);

	if (count <= 0)
		_exit(112);
	close(fd);
	text[count] = '\0';
	at = strstr(text, key);
	if (!at)
		_exit(112);
	return strtoll(at + strlen(key), NULL, 10);
}

/* Notes this start, in the current directory. Ends the process if it isn't the
 * only one; else it holds the lock from here on. */
static void note_start(void)
{
	char line[64];
	int len, fd = open("only", O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	len = snprintf(line, sizeof(line), "%d %lld\n", (int)getpid(),
		       next_start_ns());
	if (fd == -1 || flock(fd, LOCK_EX | LOCK_NB) == -1) {
		append_to("violation", line, len);
		_exit(113);
	}
	append_to("history", line, len);
}

#endif
