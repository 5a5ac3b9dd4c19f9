/* obituary.c -- see obituary.h. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/glance.h"
#include "engine/obituary.h"
#include "service/inherited.h"

#define KNOWN_MOST  4096 /* more than a pipe of 64 KiB holds */
#define KNOWN_BYTES (KNOWN_MOST * sizeof(struct death))
#define AT_ONCE     64

static void take_out(struct obituaries *obituaries)
{
	glance_take(obituaries->fd, obituaries->left_bytes);
	obituaries->left_bytes = 0;
}

static void keep_late(struct obituaries *obituaries, const struct death *death)
{
	obituaries->late[obituaries->late_count++ % OBITUARIES_LATE] = *death;
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
	for (ssize_t i = 0; i < count / (ssize_t)sizeof(deaths[0]); i++) {
		keep_late(obituaries, &deaths[i]);
		loop_process_told(obituaries->loop, (pid_t)deaths[i].pid,
				  deaths[i].start_ticks, (int)deaths[i].status);
	}
}

/* A copy, owned by the caller, of all that is in the pipe; NULL: nothing is, or
 * there is no memory for it. See glance.h. */
static struct death *glance_at_all(const struct obituaries *obituaries,
				   size_t most_blindly, size_t *count,
				   size_t *bytes)
{
	struct pollfd look = {.fd = obituaries->fd, .events = POLLIN};
	struct death *deaths;
	ssize_t got;

	*count = *bytes = 0;
	if (obituaries->fd == -1 || poll(&look, 1, 0) != 1)
		return NULL;
	deaths = malloc(KNOWN_BYTES);
	if (!deaths)
		return NULL;
	got = glance(obituaries->fd, (char *)deaths, KNOWN_BYTES, most_blindly,
		     bytes);
	if (got > 0)
		*count = (size_t)got / sizeof(struct death);
	return deaths;
}

void obituaries_open(struct obituaries *obituaries, struct loop *loop)
{
	*obituaries = (struct obituaries){.loop = loop};
	obituaries->fd = inherited_pipe(DEATH_VARIABLE);
	if (obituaries->fd == -1)
		return;
	fcntl(obituaries->fd, F_SETFL, O_NONBLOCK);
	/* Without memory for it they will be told as if they came now. */
	obituaries->known =
		glance_at_all(obituaries, KNOWN_BYTES, &obituaries->count,
			      &obituaries->left_bytes);
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

/* The last one told, should a pid have been given twice. */
static bool find_among(const struct death *deaths, size_t count, int64_t pid,
		       int64_t start_ticks, struct process_end *end)
{
	for (size_t i = count; i-- > 0;) {
		if (deaths[i].pid != pid ||
		    deaths[i].start_ticks != start_ticks)
			continue;
		*end = process_end_of_status((int)deaths[i].status);
		return true;
	}
	return false;
}

/* Told since this process began, and not read yet. */
static bool find_in_pipe(const struct obituaries *obituaries, int64_t pid,
			 int64_t start_ticks, struct process_end *end)
{
	size_t count, bytes;
	struct death *deaths = glance_at_all(obituaries, 0, &count, &bytes);
	bool is_found = find_among(deaths, count, pid, start_ticks, end);

	free(deaths);
	return is_found;
}

bool obituaries_find(const struct obituaries *obituaries, int64_t pid,
		     int64_t start_ticks, struct process_end *end)
{
	size_t late_count;

	if (!obituaries)
		return false;
	late_count = obituaries->late_count < OBITUARIES_LATE
			     ? obituaries->late_count
			     : OBITUARIES_LATE;
	return find_among(obituaries->known, obituaries->count, pid,
			  start_ticks, end) ||
	       find_among(obituaries->late, late_count, pid, start_ticks,
			  end) ||
	       find_in_pipe(obituaries, pid, start_ticks, end);
}

void obituaries_forget(struct obituaries *obituaries)
{
	for (size_t i = 0; i < obituaries->count; i++)
		keep_late(obituaries, &obituaries->known[i]);
	forget_known(obituaries);
	if (obituaries->fd != -1)
		take_out(obituaries);
}
