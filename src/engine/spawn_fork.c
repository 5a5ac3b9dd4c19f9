/*
 * spawn_fork.c -- spawn() with fork(2), as POSIX has it.
 *
 * The child tells what the parent has to know through a pipe, whose end of file
 * is also the moment at which it has become the script, or died.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "base/fd.h"
#include "engine/child.h"
#include "engine/spawn.h"

static int tell_fd; /* in the child: the writing end */

static void tell(const struct spawned *spawned)
{
	fd_write_all(tell_fd, spawned, sizeof(*spawned));
}

/* No handler of the parent's may run in the child. */
static void drop_handlers(void)
{
	for (int number = 1; number < NSIG; number++) {
		struct sigaction action;

		if (sigaction(number, NULL, &action) == 0 &&
		    action.sa_handler != SIG_DFL &&
		    action.sa_handler != SIG_IGN)
			signal(number, SIG_DFL);
	}
}

static _Noreturn void begin_child(const struct spawner *spawner,
				  const struct spawn_plan *plan)
{
	struct spawned spawned = {.pid = 0};

	drop_handlers();
	if (fchdir(plan->dir_fd) == -1)
		child_fail(plan, "switch to the directory of");
	child_run(spawner, plan, plan->lock_fd, plan->input_dir_fd, &spawned,
		  tell);
}

/* Close-on-exec: two steps will do, for only this thread ever forks. */
static int make_pipe(int ends[2])
{
	if (pipe(ends) == -1)
		return -1;
	for (int i = 0; i < 2; i++)
		fcntl(ends[i], F_SETFD, FD_CLOEXEC);
	return 0;
}

/* Until the child has become the script. */
static void wait_for_child(int fd, struct spawned *spawned)
{
	struct spawned told;
	char more;

	if (fd_read_some(fd, &told, sizeof(told)) == (long)sizeof(told)) {
		spawned->start_ticks = told.start_ticks;
		spawned->record = told.record;
	}
	while (fd_read_some(fd, &more, 1) > 0)
		;
}

/* A child of fork(2) copies the other threads' descriptors as well, and could
 * hold their pipes open. */
unsigned spawn_lanes(void)
{
	return 1;
}

int spawn(struct spawner *spawner, unsigned lane, const struct spawn_plan *plan,
	  struct spawned *spawned)
{
	sigset_t all, before;
	int error, ends[2];

	(void)lane;
	*spawned = (struct spawned){.pid = -1, .pidfd = -1, .start_ticks = -1};
	if (plan->has_pid_namespace) {
		errno = ENOSYS;
		return -1;
	}
	if (make_pipe(ends) == -1)
		return -1;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	tell_fd = ends[1];
	spawned->pid = fork();
	if (spawned->pid == 0)
		begin_child(spawner, plan);
	error = errno;
	close(ends[1]);
	if (spawned->pid != -1)
		wait_for_child(ends[0], spawned);
	close(ends[0]);
	sigprocmask(SIG_SETMASK, &before, NULL);
	errno = error;
	return spawned->pid == -1 ? -1 : 0;
}
