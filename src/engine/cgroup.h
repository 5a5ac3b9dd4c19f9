/*
 * cgroup.h -- which cgroup a process is in, and what can be done with one: of
 * version 2, as directories whose files are knobs.
 *
 * Only where the system has them: cgroup_linux.c finds them, knob_linux.c turns
 * the knobs. What a service wants of them is scope.h's.
 */
#ifndef ENGINE_CGROUP_H
#define ENGINE_CGROUP_H

#include <stdbool.h>

#include "base/strb.h"

#define CGROUP_PATH_SIZE 512 /* bytes */

/* Adds the directory of the cgroup that a process is in; `process` is its
 * number or "self". False: it can't be told, or doesn't fit. */
bool cgroup_find(const char *process, struct strb *path);

/*
 * Adds where cgroups of version 2 are mounted, if that is what a line of
 * mountinfo tells of. False: it isn't, or doesn't fit. Source: proc(5).
 */
bool cgroup_add_mount(struct strb *path, const char *line);

#endif
