/*
 * scope.h -- kill-scope "cgroup": KILL reaches all that a service has started,
 * also what has left its process group.
 *
 * Each such service has a cgroup of its own below the supervisor's, named for
 * its directory; its process enters it before it becomes the script. Which one
 * it is in the kernel tells, so the next supervisor needs no record of it.
 * Where that can't be had, the process group stands in.
 *
 * Two implementations: scope_linux.c (cgroups, version 2, with cgroup.kill:
 * Linux 5.14; cgroup.h finds them, knob.h tells them), and scope_portable.c,
 * which has none.
 * Source: the kernel's cgroup-v2 page.
 */
#ifndef ENGINE_SCOPE_H
#define ENGINE_SCOPE_H

#include "engine/cgroup.h"
#include "engine/site.h"

#define SCOPE_PATH_SIZE CGROUP_PATH_SIZE

/*
 * Makes the cgroup, if the directory asks for one: then `path` is that of the
 * file to which a process writes 0 to enter it. False: there is none, which is
 * said once where one was asked for.
 */
bool scope_make(struct site *site, char path[SCOPE_PATH_SIZE]);

/* Kills all that is in its cgroup, which that process, its own, is in. False:
 * it has none, or the process has ended. */
bool scope_kill(const struct site *site, const struct loop_process *process);

/* Removes the cgroup, unless something still runs in it. */
void scope_remove(const struct site *site);

#endif
