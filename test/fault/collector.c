/*
 * collector.c -- a logger under test: it appends what it reads to "lines",
 * at once, and ends at end of input.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "once.h"

int main(void)
{
	static char room[65536];
	ssize_t got;
	int fd;

	note_start();
	fd = open("lines", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	while ((got = read(STDIN_FILENO, room, sizeof(room))) != 0) {
		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1 || write(fd, room, (size_t)got) != got)
			return 112;
	}
	return 0;
}
