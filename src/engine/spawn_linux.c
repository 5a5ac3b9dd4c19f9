/*
 * spawn_linux.c -- spawn() that copies neither memory nor descriptors.
 *
 * The child shares both until it execs, while the parent is suspended: then it
 * takes a descriptor table of its own with just the lowest few in it. With
 * 10,000 descriptors open this takes a tenth of what fork(2) takes.
 * Source: clone(2), close_range(2).
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/child.h"
#include "engine/spawn.h"

#define STACK_BYTES         (64 * 1024)
#define GUARD_BYTES         (16 * 1024)
#define CLOSE_RANGE_UNSHARE (1U << 1) /* musl has no name for it */
#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x00001000
#endif

struct start {
	const struct spawner *spawner;
	const struct spawn_lane *lane;
	const struct spawn_plan *plan;
	struct spawned *spawned;
};

static int begin_child(void *argument)
{
	const struct start *start = argument;
	const struct spawner *spawner = start->spawner;

	if (fchdir(start->plan->dir_fd) == -1)
		child_fail(start->plan, "switch to the directory of");
	/* Before Linux 5.9, and where it is forbidden: copy them all. */
	if (syscall(SYS_close_range, spawner->keep_below, ~0U,
		    CLOSE_RANGE_UNSHARE) == -1 &&
	    unshare(CLONE_FILES) == -1)
		child_fail(start->plan, "set up descriptors for");
	child_run(spawner, start->plan, start->lane->slots[SLOT_LOCK],
		  start->plan->input_dir_fd == -1
			  ? -1
			  : start->lane->slots[SLOT_INPUT],
		  start->spawned, NULL);
}

/* A stack that runs into a guard page, not into somebody's data. */
static int make_stack(struct spawn_lane *lane)
{
	char *stack =
		mmap(NULL, GUARD_BYTES + STACK_BYTES, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);

	if (stack == MAP_FAILED)
		return -1;
	mprotect(stack, GUARD_BYTES, PROT_NONE);
	lane->stack = stack;
	return 0;
}

static int fill_slot(const struct spawn_lane *lane, enum spawn_slot slot,
		     int fd)
{
	return dup3(fd, lane->slots[slot], O_CLOEXEC);
}

/* A slot that went on holding a lock would outlive its service; one that held
 * standard error, a log service would never meet the end of that. */
static void empty_slots(const struct spawn_lane *lane,
			const struct spawn_plan *plan)
{
	fill_slot(lane, SLOT_LOCK, STDIN_FILENO);
	if (plan->input_dir_fd != -1)
		fill_slot(lane, SLOT_INPUT, STDIN_FILENO);
}

/* As many as there are processors, and one, as a start mostly waits. */
unsigned spawn_lanes(void)
{
	long count = sysconf(_SC_NPROCESSORS_ONLN) + 1;

	return count < 1             ? 1
	       : count > SPAWN_LANES ? SPAWN_LANES
				     : (unsigned)count;
}

int spawn(struct spawner *spawner, unsigned lane_number,
	  const struct spawn_plan *plan, struct spawned *spawned)
{
	struct spawn_lane *lane = &spawner->lanes[lane_number];
	struct start start = {spawner, lane, plan, spawned};
	sigset_t all, before;
	int error;

	*spawned = (struct spawned){.pid = -1, .pidfd = -1, .start_ticks = -1};
	if (!lane->stack && make_stack(lane) == -1)
		return -1;
	/* Not a signal may be taken by the child on the shared memory. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (fill_slot(lane, SLOT_LOCK, plan->lock_fd) == -1)
		goto out;
	if (plan->input_dir_fd != -1 &&
	    fill_slot(lane, SLOT_INPUT, plan->input_dir_fd) == -1)
		goto out;
	spawned->pid = clone(
		begin_child, lane->stack + GUARD_BYTES + STACK_BYTES,
		CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_PIDFD |
			(plan->has_pid_namespace ? CLONE_NEWPID : 0) | SIGCHLD,
		&start, &spawned->pidfd);
out:
	error = errno;
	empty_slots(lane, plan);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = error;
	return spawned->pid == -1 ? -1 : 0;
}
