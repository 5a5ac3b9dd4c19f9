/*
 * spawn_linux.c -- see spawn_linux.h.
 *
 * The child shares memory and descriptors until it execs, while its parent, a
 * thread, is suspended: first it takes a descriptor table of its own with just
 * the lowest few in it. With 10,000 descriptors open this takes a tenth of what
 * fork(2) takes.
 * Source: clone(2), close_range(2).
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/child.h"
#include "engine/spawn_linux.h"

#define CLOSE_RANGE_UNSHARE (1U << 1) /* musl has no name for it */
#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x00001000
#endif

struct start {
	const struct spawner *spawner;
	const struct spawn_slots *slots;
	const struct spawn_plan *plan;
	struct spawned *spawned;
};

static int close_range_of(unsigned first, unsigned last, unsigned flags)
{
	return (int)syscall(SYS_close_range, first, last, flags);
}

/*
 * A table of its own, without the slots of others: a child that hangs must not
 * keep the locks of services that happened to start at the same time. The
 * highest slots of all are followed by the descriptors of own_output.
 */
static int take_table(const struct start *start)
{
	const struct spawner *spawner = start->spawner;
	unsigned first = (unsigned)start->slots->fds[0];
	unsigned end = (unsigned)start->slots->fds[SPAWN_SLOT_COUNT - 1] + 1;
	bool has_output = start->plan->has_own_output;
	unsigned keep_below = has_output ? spawner->keep_below : end;

	/* Before Linux 5.9, and where it is forbidden: copy them all. */
	if (close_range_of(keep_below, ~0U, CLOSE_RANGE_UNSHARE) == -1)
		return unshare(CLONE_FILES);
	if (has_output && end < (unsigned)spawner->own_output[0])
		close_range_of(end, (unsigned)spawner->own_output[0] - 1, 0);
	if (first > STDERR_FILENO + 1)
		close_range_of(STDERR_FILENO + 1, first - 1, 0);
	return 0;
}

static int begin_child(void *argument)
{
	const struct start *start = argument;
	const struct spawn_plan *plan = start->plan;
	struct child_fds fds;

	if (fchdir(plan->dir_fd) == -1)
		child_fail(plan, "switch to the directory of");
	if (take_table(start) == -1)
		child_fail(plan, "set up descriptors for");
	fds = (struct child_fds){
		.lock_fd = start->slots->fds[SLOT_LOCK],
		.input_dir_fd = plan->input_dir_fd == -1
					? -1
					: start->slots->fds[SLOT_INPUT],
		.home_fd =
			plan->home_fd == -1 ? -1 : start->slots->fds[SLOT_HOME],
	};
	child_run(start->spawner, plan, &fds, start->spawned, NULL);
}

static int fill(const struct spawn_slots *slots, enum spawn_slot slot, int fd)
{
	return dup3(fd, slots->fds[slot], O_CLOEXEC);
}

void spawn_empty_slots(const struct spawner *spawner, unsigned slots,
		       const struct spawn_plan *plan)
{
	fill(&spawner->slots[slots], SLOT_LOCK, STDIN_FILENO);
	if (plan->input_dir_fd != -1)
		fill(&spawner->slots[slots], SLOT_INPUT, STDIN_FILENO);
	if (plan->home_fd != -1)
		fill(&spawner->slots[slots], SLOT_HOME, STDIN_FILENO);
}

pid_t spawn_suspended(const struct spawner *spawner, unsigned slots,
		      char *stack_end, const struct spawn_plan *plan,
		      struct spawned *spawned)
{
	struct start start = {spawner, &spawner->slots[slots], plan, spawned};

	if (fill(start.slots, SLOT_LOCK, plan->lock_fd) == -1)
		return -1;
	if (plan->input_dir_fd != -1 &&
	    fill(start.slots, SLOT_INPUT, plan->input_dir_fd) == -1)
		return -1;
	if (plan->home_fd != -1 &&
	    fill(start.slots, SLOT_HOME, plan->home_fd) == -1)
		return -1;
	return clone(begin_child, stack_end,
		     CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_PIDFD |
			     (plan->has_pid_namespace ? CLONE_NEWPID : 0) |
			     SIGCHLD,
		     &start, &spawned->pidfd);
}
