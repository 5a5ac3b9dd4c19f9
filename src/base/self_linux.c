/* self_linux.c -- see self.h; prctl(2) and proc(5). */
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/self.h"

int self_adopt_orphans(void)
{
	return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

int self_folder(char *out, size_t size_bytes)
{
	ssize_t len = readlink("/proc/self/exe", out, size_bytes);
	char *slash;

	if (len == -1)
		return -1;
	/* A link that fills the room may have been cut. */
	if ((size_t)len == size_bytes) {
		errno = ENAMETOOLONG;
		return -1;
	}
	out[len] = '\0';
	slash = strrchr(out, '/');
	if (!slash) {
		errno = ENOENT;
		return -1;
	}
	*slash = '\0';
	return 0;
}
