/*
 * names.h -- a directory whose entries are names of others, as dependencies.d's
 * are: watched where that can be had, and so read only when it has changed.
 */
#ifndef ENGINE_NAMES_H
#define ENGINE_NAMES_H

#include <stdbool.h>

#include "loop/loop.h"

struct names {
	/* Set by the owner. */
	struct loop *loop;
	void (*on_change)(struct names *names); /* it is worth a look */
	void *owner;
	bool has_failed; /* to be read, and that was said */

	/* The rest is that of names.c. */
	struct loop_directory changes;
	bool is_stale; /* it changed since it was read */
};

/* Watches the directory `name` in the one open as `dir_fd`, unless it is
 * watched already. Before it is read, so that no change falls in between.
 * `path` as for loop_directory_add_at(). */
void names_watch(struct names *names, int dir_fd, const char *name,
		 const char *path);
void names_unwatch(struct names *names);

/* Whether it is watched, and nothing has changed since it was read. */
bool names_are_known(const struct names *names);

/*
 * Calls `take` for each name in the directory, which is open as `fd`, and
 * closes that. 0, or -1 with errno: not all could be read; or `take` said -1.
 */
int names_read(struct names *names, int fd,
	       int (*take)(void *with, const char *name), void *with);

#endif
