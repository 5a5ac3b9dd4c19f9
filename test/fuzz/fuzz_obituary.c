/*
 * fuzz_obituary.c -- any bytes in the pipe that svscanboot tells of deaths by,
 * the first part before its reader begins.
 *
 * A process that lives is watched meanwhile: nothing that is told ends it.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/obituary.h"
#include "fuzz.h"

#define PIPE_BYTES 60000

static unsigned ends;

static void on_exit_of_process(struct loop_process *process,
			       struct process_end end)
{
	(void)process;
	(void)end;
	ends++;
}

static void on_due(struct loop_timer *timer)
{
	loop_stop(timer->owner);
}

/* What has come is passed on to the loop. */
static void run_once(struct loop *loop)
{
	struct loop_timer now = {.on_due = on_due, .owner = loop};

	loop_timer_set(loop, &now, loop_now_ns());
	MUST(loop_run(loop) == 0);
}

static void check_found(const struct obituaries *obituaries,
			const struct death *death)
{
	struct process_end end = {.is_known = false};

	if (!obituaries_find(obituaries, death->pid, death->start_ticks, &end))
		return;
	MUST(end.is_known);
	MUST(end.exit_code >= 0 && end.exit_code <= UINT8_MAX);
	MUST(end.signal_number >= 0 && end.signal_number <= 127);
	MUST(end.exit_code == 0 || end.signal_number == 0);
}

static void tell(int write_fd, const uint8_t *data, size_t size)
{
	MUST(write(write_fd, data, size) == (ssize_t)size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct loop *loop;
	struct loop_process living = {.pid = getpid(),
				      .start_ticks = 815,
				      .on_exit = on_exit_of_process};
	struct obituaries obituaries;
	struct death death = {.pid = 4711, .start_ticks = 815};
	size_t first = size == 0 ? 0 : data[0] * size / UINT8_MAX;
	char number[16];
	int ends_of_pipe[2];

	if (!loop)
		loop = loop_new();
	MUST(loop);
	if (size > PIPE_BYTES)
		return 0;
	MUST(pipe2(ends_of_pipe, O_NONBLOCK) == 0);
	MUST(loop_process_add(loop, &living, -1) == 0);
	tell(ends_of_pipe[1], data, first);
	snprintf(number, sizeof(number), "%d", ends_of_pipe[0]);
	setenv(DEATH_VARIABLE, number, 1);
	obituaries_open(&obituaries, loop);
	MUST(obituaries.fd == ends_of_pipe[0] && !getenv(DEATH_VARIABLE));
	tell(ends_of_pipe[1], data + first, size - first);
	for (int i = 0; i < 3; i++) {
		check_found(&obituaries, &death);
		run_once(loop);
	}
	for (size_t i = 0; i < obituaries.count; i++)
		check_found(&obituaries, &obituaries.known[i]);
	MUST(ends == 0);
	obituaries_forget(&obituaries);
	check_found(&obituaries, &death);
	obituaries_close(&obituaries);
	close(ends_of_pipe[1]);
	loop_process_remove(loop, &living);
	return 0;
}
