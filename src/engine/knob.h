/*
 * knob.h -- the files of a cgroup that say what holds in it.
 */
#ifndef ENGINE_KNOB_H
#define ENGINE_KNOB_H

#include <stdbool.h>

/* Whether the cgroup in the directory `cgroup` has that knob, for us to turn.
 */
bool knob_is_there(const char *cgroup, const char *knob);

/* Turns it. False with errno: the kernel won't have it. */
bool knob_turn(const char *cgroup, const char *knob, const char *value);

#endif
