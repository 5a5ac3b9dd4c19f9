/*
 * reach.h -- whether the file systems of a service directory answer.
 *
 * Most do, and cost nothing. Of one that may hang (base/mounts.h) a process of
 * its own looks first, and is waited for a moment: where it hangs, nobody else
 * does. It is left behind; as long as it is there, no other is sent.
 */
#ifndef CLIENT_REACH_H
#define CLIENT_REACH_H

#include <stdbool.h>

#include "base/mounts.h"

/*
 * Whether the directory `name` of `scan_dir`, which is absolute and has no
 * links in it, can be looked at; else `place`, of PATH_MAX bytes, is where the
 * file system is mounted that doesn't answer. `look` does, in another process,
 * what the caller is about to do.
 */
bool reach_answers(const struct mounts *mounts, const char *scan_dir,
		   const char *name, char *place,
		   void (*look)(const char *path));

#endif
