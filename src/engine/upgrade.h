/*
 * upgrade.h -- becoming the program that is on disk now, with the same pid and
 * the same children.
 *
 * The new program takes everything over as after a crash. Only the pipes of
 * loggers are handed down, so that no service meets a pipe without a reader.
 */
#ifndef ENGINE_UPGRADE_H
#define ENGINE_UPGRADE_H

#include <limits.h>

#include "engine/scan.h"

struct upgrade {
	char program[PATH_MAX]; /* what to run; "" when it can't be known */
	char *inherited;        /* owned: descriptors from before, as a list */
};

/*
 * Notes which program this is, while the current directory is still the one
 * that argv[0] counts from, and which descriptors an earlier one handed down.
 */
void upgrade_begin(struct upgrade *upgrade, const char *called_as);

/* Closes what was handed down, once the pipes are open again. */
void upgrade_settle(struct upgrade *upgrade);

/* Becomes the program on disk. Returns only on failure, with errno; then
 * everything is as it was. */
void upgrade_run(struct upgrade *upgrade, struct spawner *spawner,
		 struct scanner *scanner);

#endif
