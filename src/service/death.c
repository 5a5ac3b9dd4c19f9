/* death.c -- see death.h. */
#include <errno.h>
#include <unistd.h>

#include "service/death.h"

/* One write or read of less than PIPE_BUF bytes is whole, or fails. */
bool death_take(int read_fd, struct death *death)
{
	ssize_t count;

	do
		count = read(read_fd, death, sizeof(*death));
	while (count == -1 && errno == EINTR);
	return count == (ssize_t)sizeof(*death);
}

void death_tell(int write_fd, int read_fd, const struct death *death)
{
	struct death oldest;
	ssize_t count;

	/* A pipe has pages, not bytes: one record out may not be room for one
	 * in, but a page of them is. */
	for (int tries = 0; tries < 512; tries++) {
		count = write(write_fd, death, sizeof(*death));
		if (count != -1 || (errno != EAGAIN && errno != EINTR))
			return;
		if (errno == EAGAIN && !death_take(read_fd, &oldest))
			return;
	}
}
