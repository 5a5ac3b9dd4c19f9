/*
 * numberer.c -- a service under test: it writes numbered lines.
 *
 * A line is "PID NUMBER"; when it is written, the same is appended to the file
 * "written" in its directory. It writes one line at its start and one at each
 * USR1; where there is a file "stream", one after another, that many
 * microseconds apart.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "once.h"

static int written_fd, number;

static void write_line(void)
{
	char line[64];
	int len = snprintf(line, sizeof(line), "%d %d\n", (int)getpid(),
			   ++number);

	if (write(STDOUT_FILENO, line, (size_t)len) != len ||
	    write(written_fd, line, (size_t)len) != len)
		_exit(114);
}

static long stream_pause_us(void)
{
	char text[16] = "";
	int fd = open("stream", O_RDONLY | O_CLOEXEC);
	ssize_t len = fd == -1 ? 0 : read(fd, text, sizeof(text) - 1);

	if (fd != -1)
		close(fd);
	return len > 0 ? atol(text) : 0;
}

int main(void)
{
	struct timespec pause_for = {0, 0};
	sigset_t wanted;
	int got;

	sigemptyset(&wanted);
	sigaddset(&wanted, SIGUSR1);
	sigprocmask(SIG_BLOCK, &wanted, NULL);
	written_fd = open("written", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
			  0644);
	note_start();
	write_line();
	pause_for.tv_nsec = stream_pause_us() * 1000;
	while (pause_for.tv_nsec != 0) {
		write_line();
		nanosleep(&pause_for, NULL);
	}
	while (sigwait(&wanted, &got) == 0)
		write_line();
	return 0;
}
