/* obituary.c -- see obituary.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/glance.h"
#include "engine/obituary.h"

#define KNOWN_MOST 4096 /* more than a pipe of 64 KiB holds */
#define AT_ONCE    64

static void take_out(struct obituaries *obituaries)
{
	glance_take(obituaries->fd, obituaries->left_bytes);
	obituaries->left_bytes = 0;
}

/* All that is put on record of a death is between two rounds of the loop. So
 * what was told in one round is taken out in the next: as it is still there, it
 * calls for one. */
static void on_death(struct loop_watch *watch)
{
	struct obituaries *obituaries = watch->owner;
	struct death deaths[AT_ONCE];
	ssize_t count;

	take_out(obituaries);
	count = glance(watch->fd, (char *)deaths, sizeof(deaths),
		       sizeof(deaths), &obituaries->left_bytes);
	/* svscanboot is gone: an end of file would be told again and again. */
	if (count == 0 || (count == -1 && errno != EAGAIN && errno != EINTR)) {
		loop_watch_remove(obituaries->loop, watch);
		obituaries->is_over = true;
	}
	for (ssize_t i = 0; i < count / (ssize_t)sizeof(deaths[0]); i++)
		loop_process_told(obituaries->loop, (pid_t)deaths[i].pid,
				  (int)deaths[i].status);
}

/* Without memory for it they will be told as if they came now. */
static void read_known(struct obituaries *obituaries)
{
	const size_t most = KNOWN_MOST * sizeof(struct death);
	struct pollfd look = {.fd = obituaries->fd, .events = POLLIN};
	ssize_t count;

	if (poll(&look, 1, 0) != 1)
		return;
	obituaries->known = malloc(most);
	if (!obituaries->known)
		return;
	count = glance(obituaries->fd, (char *)obituaries->known, most, most,
		       &obituaries->left_bytes);
	if (count > 0)
		obituaries->count = (size_t)count / sizeof(struct death);
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

static void forget_known(struct obituaries *obituaries)
{
	free(obituaries->known);
	obituaries->known = NULL;
	obituaries->count = 0;
}

void obituaries_close(struct obituaries *obituaries)
{
	forget_known(obituaries);
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
	forget_known(obituaries);
	if (obituaries->fd != -1)
		take_out(obituaries);
}
