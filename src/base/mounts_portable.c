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

void mounts_leave_out(struct mounts *mounts, const char *place)
{
	(void)mounts;
	(void)place;
}

bool mounts_has(const struct mounts *mounts, const char *path)
{
	(void)mounts;
	(void)path;
	return false;
}

enum mounts_way mounts_follow(const struct mounts *mounts, const char *path,
			      size_t known_len, char *out)
{
	(void)mounts;
	(void)path;
	(void)known_len;
	(void)out;
	return MOUNTS_NOWHERE;
}
