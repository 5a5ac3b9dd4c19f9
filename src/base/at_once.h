/*
 * at_once.h -- a write that waits for nobody.
 *
 * O_NONBLOCK belongs to all that share a descriptor, so setting it would change
 * what others get; and between poll(2) and write(2) others can take the room.
 * Here the kernel decides whether there is room, in the same call that writes.
 */
#ifndef BASE_AT_ONCE_H
#define BASE_AT_ONCE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Writes `count` bytes, at most PIPE_BUF. False: it would have had to wait, and
 * nothing was written, or, to a terminal or a stream socket, a part. A write
 * that fails otherwise is as good as done: later it would fail, too. Never
 * waits for who reads a pipe, a FIFO, a socket or a terminal; a file is written
 * as any other, so a file system that hangs is waited for. Where a system, or
 * the rights of the process, leave nothing but asking first, who shares a pipe
 * or a terminal can still take the room in that moment.
 */
bool at_once_write(int fd, const void *bytes, size_t count);

/*
 * What at_once_write() stands on where there is such a thing: writes to a pipe,
 * a FIFO or a terminal through a description of its own. The count; or -1 with
 * errno: EAGAIN, it would have to wait; ENOSYS, it can't be done.
 */
long at_once_apart(int fd, const void *bytes, size_t count);

#endif
