/*
 * glance.h -- look at what is in a pipe, act on it, and only then take it out.
 *
 * A supervisor that is killed in between leaves the bytes to the next one, as
 * long as somebody else has the pipe open. So whoever acts on bytes may do so
 * twice, and never not at all. Only one process may read the pipe.
 */
#ifndef ENGINE_GLANCE_H
#define ENGINE_GLANCE_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Copies the first bytes of the pipe to `bytes`, `most` at the most. What
 * read(2) returns, with errno; `fd` doesn't block. Where pipes can't be looked
 * into, or there are no descriptors left for it, `most_blindly` of them at the
 * most are taken out at once. *left: how many of them are still there, for
 * glance_take() to take.
 */
ssize_t glance(int fd, char *bytes, size_t most, size_t most_blindly,
	       size_t *left);

/* Takes out what glance() has left there, or the first bytes of it. */
void glance_take(int fd, size_t left);

#endif
