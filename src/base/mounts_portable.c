/* mounts_portable.c -- see mounts.h; a system that doesn't tell. */
#include <errno.h>

#include "base/mounts.h"

int mounts_read(struct mounts *mounts)
{
	*mounts = (struct mounts){.len = 0};
	errno = ENOSYS;
	return -1;
}

void mounts_free(struct mounts *mounts)
{
	*mounts = (struct mounts){.len = 0};
}

bool mounts_meet(const struct mounts *mounts, const char *path, char *place,
		 size_t size_bytes)
{
	(void)mounts;
	(void)path;
	(void)place;
	(void)size_bytes;
	return false;
}
