/*
 * peek_linux.c -- see peek.h.
 *
 * tee(2) makes a pipe of our own share the pages; reading that leaves the
 * other as it was. Dropping is splice(2) to /dev/null, which only lets go of
 * pages.
 *
 * A pipe that holds bytes is always readable, so poll(2) can't tell when more
 * come; nor can epoll(7), which isn't told of a write that has to stop halfway
 * because the pipe is full. SIGIO is sent then, after each write, and when the
 * last writer has closed the pipe (fs/pipe.c, kill_fasync()). It comes to the
 * process that has last said so, by its pid: O_ASYNC, which others who share
 * the open file see, does nothing to them.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "log/line.h"
#include "log/peek.h"
#include "log/request.h"

/* Of a line that isn't judged yet, which is what is held while waiting. */
#define HELD_MAX LINE_LIMIT

/*
 * After a read of less it is likely that there is no more yet, so that it
 * saves calls to wait before looking.
 */
#define CALM_BYTES 16384

/*
 * Another process that shares the open file can take the signal away, and some
 * imitations of Linux send none. So a line that has begun is looked after, but
 * seldom.
 */
#define WATCH_MS 5000

static void close_if_open(int fd)
{
	if (fd != -1)
		close(fd);
}

void peek_close(struct peek *peek)
{
	close_if_open(peek->copy_in_fd);
	close_if_open(peek->copy_out_fd);
	close_if_open(peek->null_fd);
}

/*
 * The copy must not have more slots, or it would never look full. With fewer,
 * it still serves.
 */
static bool make_copy(struct peek *peek)
{
	int fds[2], slot_bytes;

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) == -1)
		return false;
	peek->copy_out_fd = fds[0];
	peek->copy_in_fd = fds[1];
	peek->slot_bytes = fcntl(peek->fd, F_GETPIPE_SZ);
	slot_bytes = fcntl(fds[1], F_GETPIPE_SZ);
	return peek->slot_bytes != -1 &&
	       (slot_bytes == peek->slot_bytes ||
		fcntl(fds[1], F_SETPIPE_SZ, peek->slot_bytes) ==
			peek->slot_bytes ||
		slot_bytes < peek->slot_bytes);
}

/*
 * Makes both pipes larger, or neither. The limit on what an ordinary user's
 * pipes may hold together (pipe(7), pipe-user-pages-soft) is the system's to
 * mind: then they stay as they are.
 */
static void grow(struct peek *peek)
{
	int size = fcntl(peek->fd, F_GETPIPE_SZ), grown;

	peek->has_grown = true;
	if (size != peek->slot_bytes || size >= PEEK_PIPE_BYTES)
		return;
	grown = fcntl(peek->fd, F_SETPIPE_SZ, PEEK_PIPE_BYTES);
	if (grown == -1)
		return;
	/* If it can't be made small again, it is one with a smaller copy. */
	if (fcntl(peek->copy_in_fd, F_SETPIPE_SZ, grown) == grown ||
	    fcntl(peek->fd, F_SETPIPE_SZ, size) == -1)
		peek->slot_bytes = grown;
}

/*
 * Whoever read this open file before may have been killed while it watched:
 * O_ASYNC is still set, then. It may also be set without effect, by open(2).
 */
static bool take_signal(struct peek *peek)
{
	int flags = fcntl(peek->fd, F_GETFL);

	if (flags == -1 || fcntl(peek->fd, F_SETOWN, getpid()) == -1)
		return false;
	return !(flags & O_ASYNC) ||
	       fcntl(peek->fd, F_SETFL, flags & ~O_ASYNC) == 0;
}

bool peek_open(struct peek *peek, int fd)
{
	struct stat st;

	*peek = (struct peek){
		.fd = fd, .copy_in_fd = -1, .copy_out_fd = -1, .null_fd = -1};
	if (fstat(fd, &st) == -1 || !S_ISFIFO(st.st_mode))
		return false;
	/* Before it is told where to go: one may come at once. */
	request_admit(SIGIO);
	peek->null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (peek->null_fd != -1 && make_copy(peek) && take_signal(peek))
		return true;
	peek_close(peek);
	return false;
}

/*
 * Empties the copy: what is held already, then `count` bytes to `out`. More
 * than one read is needed where the writer made packets (pipe(2), O_DIRECT);
 * one that took a piece of a packet would lose the rest.
 */
static int empty_copy(struct peek *peek, void *out, size_t count)
{
	char held[HELD_MAX];
	size_t held_left = peek->held_bytes;
	char *at = out;

	while (held_left + count > 0) {
		struct iovec places[2] = {{held, held_left}, {at, count}};
		ssize_t got = readv(peek->copy_out_fd, places, 2);
		size_t old, fresh;

		if (got <= 0)
			return -1;
		old = (size_t)got < held_left ? (size_t)got : held_left;
		held_left -= old;
		fresh = (size_t)got - old;
		if (fresh > 0) /* `out` may be NULL where none is wanted */
			at += fresh;
		count -= fresh;
	}
	return 0;
}

/* Takes `count` bytes out of the pipe itself. */
static void drop(struct peek *peek, size_t count)
{
	peek->held_bytes -= count;
	while (count > 0) {
		ssize_t done = splice(peek->fd, NULL, peek->null_fd, NULL,
				      count, SPLICE_F_NONBLOCK);

		if (done <= 0)
			return; /* somebody else has read them */
		count -= (size_t)done;
	}
}

void peek_drop(struct peek *peek, size_t count)
{
	size_t gone = count < peek->gone_bytes ? count : peek->gone_bytes;

	peek->gone_bytes -= gone;
	drop(peek, count - gone);
}

/* Whether the pipe has no room, though all that is in it is in the copy. */
static bool is_full(const struct peek *peek)
{
	struct pollfd copy = {.fd = peek->copy_in_fd, .events = POLLOUT};

	return poll(&copy, 1, 0) == 0 ||
	       fcntl(peek->fd, F_GETPIPE_SZ) < peek->slot_bytes;
}

/* Whether nothing more can come, and what is held is all there is. */
static bool has_ended(const struct peek *peek)
{
	struct pollfd pipe = {.fd = peek->fd, .events = POLLIN};
	int count = 0;

	return poll(&pipe, 1, 0) == 1 && (pipe.revents & POLLHUP) &&
	       ioctl(peek->fd, FIONREAD, &count) == 0 &&
	       (size_t)count == peek->held_bytes;
}

/* Watching costs each writer time, so it is done only when it must be. */
static void watch(struct peek *peek, bool is_wanted)
{
	int flags;

	if (peek->is_watched == is_wanted)
		return;
	flags = fcntl(peek->fd, F_GETFL);
	fcntl(peek->fd, F_SETFL,
	      is_wanted ? flags | O_ASYNC : flags & ~O_ASYNC);
	peek->is_watched = is_wanted;
}

/*
 * Waits for something to happen to the pipe: as request_wait(). Returns at
 * once when it begins to watch: something may have happened just before.
 */
static int wait_for_more(struct peek *peek)
{
	bool was_watched = peek->is_watched;

	watch(peek, peek->held_bytes > 0);
	if (!peek->is_watched)
		return request_wait(peek->fd);
	if (!was_watched)
		return 0;
	request_wake_at(request_now_ms() + WATCH_MS);
	if (request_wait(-1) == 0)
		return 0;
	fcntl(peek->fd, F_SETOWN, getpid());
	return -1;
}

/* Looks at the pipe: the bytes that the copy has now, or -1. */
static ssize_t look(struct peek *peek, size_t size_bytes)
{
	ssize_t seen = tee(peek->fd, peek->copy_in_fd,
			   peek->held_bytes + size_bytes, SPLICE_F_NONBLOCK);

	return seen == -1 && errno == EAGAIN ? 0 : seen;
}

/* Drops what is held, though it isn't safe yet. */
static void drop_early(struct peek *peek)
{
	peek->gone_bytes += peek->held_bytes;
	drop(peek, peek->held_bytes);
}

/* After a look that saw nothing new: drops what is in the way. */
static int make_room(struct peek *peek)
{
	bool must_drop = peek->held_bytes > 0 && is_full(peek);

	if (empty_copy(peek, NULL, 0) == -1)
		return -1;
	if (must_drop)
		drop_early(peek);
	return 0;
}

long peek_read(struct peek *peek, void *out, size_t size_bytes)
{
	bool has_waited = false;
	size_t count;
	ssize_t seen;

	if (peek->is_calm && peek->held_bytes == 0) {
		if (wait_for_more(peek) == -1)
			return -1;
		has_waited = true;
	} else if (request_pending()) {
		errno = EINTR;
		return -1;
	}
	if (peek->held_bytes > HELD_MAX)
		drop_early(peek);
	while ((seen = look(peek, size_bytes)) <= (ssize_t)peek->held_bytes) {
		if (seen == -1)
			return -1;
		if ((size_t)seen < peek->held_bytes) /* another reader's */
			peek->held_bytes = (size_t)seen;
		if (make_room(peek) == -1)
			return -1;
		/* What told of the end may have come with a request, and so
		 * have ended an earlier wait. */
		if ((has_waited || peek->is_watched) && has_ended(peek))
			return 0;
		if (wait_for_more(peek) == -1)
			return -1;
		has_waited = true;
	}
	count = (size_t)seen - peek->held_bytes;
	if (empty_copy(peek, out, count) == -1)
		return -1;
	peek->held_bytes += count;
	peek->is_calm = count < CALM_BYTES;
	if (!peek->has_grown && count >= (size_t)peek->slot_bytes / 2)
		grow(peek);
	return (long)count;
}
