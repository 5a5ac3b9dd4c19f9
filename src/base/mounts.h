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

/* Where file systems that may hang are mounted, but for "/". */
struct mounts {
	char *places; /* owned: one after the other, each ended by '\0' */
	size_t len;   /* of all of them; 0: there are none */
};

/* Reads which there are; what was known before is freed. -1 with errno: that
 * can't be told, and none is known. Begin with a struct that is all zero. */
int mounts_read(struct mounts *mounts);
void mounts_free(struct mounts *mounts);

/*
 * Whether following `path`, which is absolute, link by link, leads to such a
 * file system; and to which: `place`, cut if need be, is where it is mounted.
 */
bool mounts_meet(const struct mounts *mounts, const char *path, char *place,
		 size_t size_bytes);

#endif
