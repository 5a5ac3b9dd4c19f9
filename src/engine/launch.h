/*
 * launch.h -- processes being started: side by side where they are many, and
 * none waited for without end.
 *
 * A start is over when its child has become the script, which takes a
 * millisecond, or for ever, where the script, its interpreter or their
 * directory is on a file system that hangs. So whoever starts waits for a
 * moment, and then goes on with what is known by then: the child is on record,
 * has its number, and can be signalled and watched like any other. It is still
 * loading, that is all.
 *
 * Two implementations: launch_linux.c copies neither memory nor descriptors,
 * which matters with thousands of those, and has threads wait; launch_fork.c is
 * plain fork(2).
 */
#ifndef ENGINE_LAUNCH_H
#define ENGINE_LAUNCH_H

#include "engine/spawn.h"
#include "loop/loop.h"

enum launch_state {
	LAUNCH_STARTING,
	LAUNCH_ENDED,   /* it was started, or couldn't be */
	LAUNCH_LOADING, /* it has been left alone */
	LAUNCH_LOADED,  /* the same, and that is over */
};

struct launch {
	const struct spawn_plan *plan; /* borrowed, and all that it points to */
	/* Called from the loop, once, for one that was left loading: its child
	 * has become the script, or has ended. Until then the launch and its
	 * plan must last. */
	void (*on_loaded)(struct launch *launch);
	struct spawned spawned;
	int error; /* 0: it was started; else there is no process */
	/* The rest is launch's. */
	atomic_int state; /* of enum launch_state */
	struct lane *lane;
	struct launch *next;
	struct loop_watch watch;
	struct loop *watch_loop;
};

/*
 * Starts what the plans say. Afterwards each has its `error`, from the system
 * that had no process to give, or is `spawned`. A script that can't be run
 * shows as an exit with 111, and a message.
 */
void launch_all(struct spawner *spawner, struct loop *loop,
		struct launch *const launches[], unsigned count);

static inline bool launch_is_loading(const struct launch *launch)
{
	return atomic_load(&launch->state) >= LAUNCH_LOADING;
}

/* How long a child may take to become its script before it is left alone; and
 * the same for more of those that are started at the same time. */
#define LAUNCH_LIMIT_NS INT64_C(200000000)
#define LAUNCH_AGAIN_NS INT64_C(20000000)

#endif
