/*
 * sketch.h -- a directory that is to be, in memory, and making it.
 *
 * It is made under another name and renamed when all of it is on disk, so under
 * its own name there is nothing or the whole, whatever interrupts: a signal, a
 * full disk, a power failure. What an interruption leaves has a name that
 * begins with a dot, which supervisors pass over, and goes with the next
 * attempt.
 */
#ifndef MAKE_SKETCH_H
#define MAKE_SKETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/problem.h"

struct sketch_entry {
	char *path; /* owned; below the directory */
	char *text; /* owned; NULL: a directory */
	mode_t mode;
	bool has_owner;
	uid_t uid;
	gid_t gid;
};

/* Starts as all zeros. Directories stand before what is in them. */
struct sketch {
	struct sketch_entry *entries; /* owned */
	size_t count;
	bool is_short; /* something is missing, as memory was short */
};

void sketch_add_directory(struct sketch *sketch, const char *path, mode_t mode);
/* `text` is copied. */
void sketch_add_file(struct sketch *sketch, const char *path, mode_t mode,
		     const char *text);
/* Says whose the entry that was added last is to be. */
void sketch_own(struct sketch *sketch, uid_t uid, gid_t gid);

/* Shows all names and contents; `title` is the directory's path. */
void sketch_print(const struct sketch *sketch, const char *title, FILE *out);

/*
 * Makes the directory `name` in the one open as `parent_fd`, with all that is
 * in the sketch, synced to disk. Nobody else makes one of that name meanwhile:
 * see place_lock(). 0, or -1 with what is in the way; `path`, that of the one
 * open as `parent_fd`, is for that. EEXIST: there is something of that name,
 * which stays as it is.
 */
int sketch_make(const struct sketch *sketch, int parent_fd, const char *path,
		const char *name, struct problem *problem);

void sketch_free(struct sketch *sketch);

#endif
