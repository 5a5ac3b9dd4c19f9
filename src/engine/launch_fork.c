/*
 * launch_fork.c -- launch_all() with fork(2), as POSIX has it: one after the
 * other.
 *
 * The child tells what the parent has to know through a pipe, whose end of file
 * is also the moment at which it has become the script, or died.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/self.h"
#include "engine/child.h"
#include "engine/launch.h"

static int tell_fd; /* in the child: the writing end */

static void tell(const struct spawned *spawned)
{
	fd_write_all(tell_fd, spawned, sizeof(*spawned));
	/* If the parent was killed, nobody reads: that is no reason to end, now
	 * that the start is on record. To ignore a signal takes away one that
	 * is pending. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGPIPE, SIG_DFL);
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

/* Descriptors in the order in which they are kept, from 3 on: all else is
 * closed, as a child that hangs must keep no lock but its own. -1: none. */
static void keep_only(int *const kept[], int count)
{
	int next_fd = STDERR_FILENO + 1;

	/* First out of the way of each other. */
	for (int i = 0; i < count; i++) {
		if (*kept[i] != -1)
			*kept[i] = fcntl(*kept[i], F_DUPFD_CLOEXEC,
					 STDERR_FILENO + 1 + count);
	}
	for (int i = 0; i < count; i++) {
		if (*kept[i] == -1)
			continue;
		if (dup2(*kept[i], next_fd) != -1)
			*kept[i] = next_fd++;
		fcntl(*kept[i], F_SETFD, FD_CLOEXEC);
	}
	self_close_from(next_fd);
}

static _Noreturn void begin_child(const struct spawner *spawner,
				  const struct spawn_plan *plan)
{
	struct spawned spawned = {.pid = 0};
	struct spawner own = *spawner;
	struct child_fds fds = {plan->lock_fd, plan->input_dir_fd,
				plan->home_fd};
	int *const kept[] = {&fds.lock_fd,       &fds.input_dir_fd,
			     &fds.home_fd,       &tell_fd,
			     &own.own_output[0], &own.own_output[1]};

	drop_handlers();
	if (fchdir(plan->dir_fd) == -1)
		child_fail(plan, "switch to the directory of");
	keep_only(kept, plan->has_own_output ? 6 : 4);
	child_run(&own, plan, &fds, &spawned, tell);
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

/* ---- until the child has become the script ---- */

/* Within that time; 0: any. Signals come meanwhile. */
static bool has_loaded(int fd, int64_t limit_ns)
{
	struct pollfd look = {.fd = fd, .events = POLLIN};
	int64_t due_ns = loop_now_ns() + limit_ns, left_ns = limit_ns;
	int found;

	do {
		found = poll(&look, 1,
			     limit_ns == 0 ? -1 : (int)(left_ns / 1000000));
		left_ns = due_ns - loop_now_ns();
	} while (found == -1 && errno == EINTR &&
		 (limit_ns == 0 || left_ns > 0));
	return found == 1;
}

/* Those that were left alone: a leak checker sees here that they aren't lost
 * when all else is. */
static struct launch *left_alone;

static void on_readable(struct loop_watch *watch)
{
	struct launch *launch = watch->owner, **link = &left_alone;

	while (*link != launch)
		link = &(*link)->next;
	*link = launch->next;
	loop_watch_remove(launch->watch_loop, watch);
	close(watch->fd);
	atomic_store(&launch->state, LAUNCH_LOADED);
	launch->on_loaded(launch);
}

/* False: it can't be left alone, as nobody would tell of its end. */
static bool leave(struct launch *launch, struct loop *loop, int fd)
{
	launch->watch = (struct loop_watch){
		.fd = fd, .on_readable = on_readable, .owner = launch};
	launch->watch_loop = loop;
	if (loop_watch_add(loop, &launch->watch) == -1)
		return false;
	launch->next = left_alone;
	left_alone = launch;
	atomic_store(&launch->state, LAUNCH_LOADING);
	return true;
}

static void wait_for_child(struct launch *launch, struct loop *loop, int fd)
{
	struct spawned told;
	bool is_told =
		fd_read_some(fd, &told, sizeof(told)) == (long)sizeof(told);

	if (is_told) {
		launch->spawned.start_ticks = told.start_ticks;
		launch->spawned.record = told.record;
	}
	if (is_told && !has_loaded(fd, LAUNCH_LIMIT_NS) &&
	    leave(launch, loop, fd))
		return;
	has_loaded(fd, 0);
	close(fd);
}

static int start(struct spawner *spawner, struct loop *loop,
		 struct launch *launch)
{
	struct spawned *spawned = &launch->spawned;
	sigset_t all, before;
	int error, ends[2];

	if (launch->plan->has_pid_namespace) {
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
		begin_child(spawner, launch->plan);
	error = errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(ends[1]);
	if (spawned->pid != -1)
		wait_for_child(launch, loop, ends[0]);
	else
		close(ends[0]);
	errno = error;
	return spawned->pid == -1 ? -1 : 0;
}

void launch_all(struct spawner *spawner, struct loop *loop,
		struct launch *const launches[], unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct launch *launch = launches[i];

		launch->spawned = (struct spawned){
			.pid = -1, .pidfd = -1, .start_ticks = -1};
		atomic_store(&launch->state, LAUNCH_ENDED);
		launch->error = start(spawner, loop, launch) == -1 ? errno : 0;
	}
}
