/*
 * child.h -- the child's side of a start, the same for both implementations.
 *
 * The parent may go on once `spawned` is complete: what the child touches
 * afterwards is its plan, and what the plan points to, which last until it has
 * become the script.
 */
#ifndef ENGINE_CHILD_H
#define ENGINE_CHILD_H

#include "engine/spawn.h"

/* Those of the plan, or what stands for them in this process; -1: none. */
struct child_fds {
	int lock_fd, input_dir_fd, home_fd;
};

/*
 * Becomes the script; the plan's directory is the cwd already. Fills in
 * `spawned`, and calls `tell` with it, if that isn't NULL, before it begins to.
 * May run in memory shared with the parent, which waits: changes none of it but
 * `spawned` and errno, allocates nothing.
 */
_Noreturn void child_run(const struct spawner *spawner,
			 const struct spawn_plan *plan,
			 const struct child_fds *fds, struct spawned *spawned,
			 void (*tell)(const struct spawned *spawned));

/* Says that the child couldn't get as far as child_run(), and exits. */
_Noreturn void child_fail(const struct spawn_plan *plan, const char *what);

#endif
