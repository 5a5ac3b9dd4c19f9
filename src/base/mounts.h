/*
 * mounts.h -- which file systems depend on the answer of somebody else: a
 * server, or a process. Whoever looks at a file there may have to wait for
 * ever, so these are found without touching any.
 *
 * mounts_linux.c knows those of this process; mounts_portable.c, its twin,
 * knows none.
 */
#ifndef BASE_MOUNTS_H
#define BASE_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>

/* Where file systems that may hang are mounted; but not "/", nor what is below
 * /proc, /sys and /dev. */
struct mounts {
	char *places; /* owned: one after the other, each ended by '\0' */
	size_t len;   /* of all of them; 0: there are none */
};

/* Reads which there are; what was known before is freed. -1 with errno: that
 * can't be told, and none is known. Begin with a struct that is all zero. */
int mounts_read(struct mounts *mounts);
void mounts_free(struct mounts *mounts);

/* From now on, what is mounted at `place` doesn't count. */
void mounts_leave_out(struct mounts *mounts, const char *place);

/* Whether something is mounted at `path`, which has no links in it. */
bool mounts_has(const struct mounts *mounts, const char *path);

enum mounts_way {
	MOUNTS_NOWHERE, /* there is nothing at its end */
	MOUNTS_LOCAL,
	MOUNTS_REMOTE,
};

/*
 * Follows `path`, which is absolute, link by link; its first `known_len` bytes
 * are known to be local, and to have no links in them. `out`, of PATH_MAX
 * bytes, is the path without links, or where the file system is mounted that it
 * comes to first.
 */
enum mounts_way mounts_follow(const struct mounts *mounts, const char *path,
			      size_t known_len, char *out);

#endif
