/* spawn_fork.c -- spawn() with fork(2), as POSIX has it. */
#include <signal.h>
#include <unistd.h>

#include "engine/child.h"
#include "engine/spawn.h"

pid_t spawn(struct spawner *spawner, const struct spawn_plan *plan, int *pidfd)
{
	sigset_t all, before;
	pid_t pid;

	*pidfd = -1;
	/* No handler of the parent's may run in the child. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid == 0) {
		for (int number = 1; number < NSIG; number++) {
			struct sigaction action;

			if (sigaction(number, NULL, &action) == 0 &&
			    action.sa_handler != SIG_DFL &&
			    action.sa_handler != SIG_IGN)
				signal(number, SIG_DFL);
		}
		if (fchdir(plan->dir_fd) == -1)
			child_fail(plan, "switch to the directory of");
		child_run(spawner, plan, plan->lock_fd, plan->input_dir_fd);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	return pid;
}
