/* obituary.c -- see obituary.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/obituary.h"

#define KNOWN_MOST 4096 /* more than a pipe of 64 KiB holds */

static void on_death(struct loop_watch *watch)
{
	struct obituaries *obituaries = watch->owner;
	struct death death;

	errno = 0;
	while (death_take(watch->fd, &death))
		loop_process_told(obituaries->loop, (pid_t)death.pid,
				  (int)death.status);
	/* svscanboot is gone: an end of file would be told again and again. */
	if (errno != EAGAIN) {
		loop_watch_remove(obituaries->loop, watch);
		obituaries->is_over = true;
	}
}

static void read_known(struct obituaries *obituaries)
{
	struct death death;

	while (death_take(obituaries->fd, &death)) {
		if (!obituaries->known)
			obituaries->known =
				calloc(KNOWN_MOST, sizeof(struct death));
		if (obituaries->known && obituaries->count < KNOWN_MOST)
			obituaries->known[obituaries->count++] = death;
	}
}

/* The number of an inherited pipe; anything else isn't ours to read. */
static int pipe_from(const char *text)
{
	struct stat status;
	char *end;
	long fd = text ? strtol(text, &end, 10) : -1;

	if (fd <= STDERR_FILENO || fd > INT_MAX || *end != '\0' ||
	    fstat((int)fd, &status) == -1 || !S_ISFIFO(status.st_mode))
		return -1;
	return (int)fd;
}

void obituaries_open(struct obituaries *obituaries, struct loop *loop)
{
	*obituaries = (struct obituaries){.loop = loop};
	obituaries->fd = pipe_from(getenv(DEATH_VARIABLE));
	unsetenv(DEATH_VARIABLE);
	if (obituaries->fd == -1)
		return;
	fcntl(obituaries->fd, F_SETFD, FD_CLOEXEC);
	fcntl(obituaries->fd, F_SETFL, O_NONBLOCK);
	read_known(obituaries);
	obituaries->watch = (struct loop_watch){.fd = obituaries->fd,
						.on_readable = on_death,
						.owner = obituaries};
	loop_watch_add(loop, &obituaries->watch);
}

void obituaries_close(struct obituaries *obituaries)
{
	obituaries_forget(obituaries);
	if (obituaries->fd == -1)
		return;
	loop_watch_remove(obituaries->loop, &obituaries->watch);
	close(obituaries->fd);
	obituaries->fd = -1;
}

bool obituaries_find(const struct obituaries *obituaries, int64_t pid,
		     int64_t start_ticks, struct process_end *end)
{
	/* The last one told, should a pid have been given twice. */
	for (size_t i = obituaries ? obituaries->count : 0; i-- > 0;) {
		const struct death *death = &obituaries->known[i];

		if (death->pid != pid || death->start_ticks != start_ticks)
			continue;
		*end = process_end_of_status((int)death->status);
		return true;
	}
	return false;
}

void obituaries_forget(struct obituaries *obituaries)
{
	free(obituaries->known);
	obituaries->known = NULL;
	obituaries->count = 0;
}
