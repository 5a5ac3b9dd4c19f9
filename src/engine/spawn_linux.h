/*
 * spawn_linux.h -- one start that copies neither memory nor descriptors: see
 * launch.h.
 */
#ifndef ENGINE_SPAWN_LINUX_H
#define ENGINE_SPAWN_LINUX_H

#include "engine/spawn.h"

/*
 * Suspends the calling thread, in which all signals are blocked, until the
 * child has become the script, or ended. The child runs on the stack that ends
 * at `stack_end`, and gets its descriptors by way of those slots, of which it
 * sees no others. Its pid, or -1 with errno.
 */
pid_t spawn_suspended(const struct spawner *spawner, unsigned slots,
		      char *stack_end, const struct spawn_plan *plan,
		      struct spawned *spawned);

/* Once that child has a descriptor table of its own: lets go of what it was
 * given. A slot that went on holding a lock would outlive its service; one that
 * held standard error, a log service would never meet the end of that. */
void spawn_empty_slots(const struct spawner *spawner, unsigned slots,
		       const struct spawn_plan *plan);

#endif
