/*
 * input.c -- see input.h; peek.h, or read(2), which takes bytes away as it
 * gets them.
 *
 * O_NONBLOCK is left as it is: it belongs to the open file, which others
 * share. So a second reader of the same file that is quicker makes read(2)
 * wait, and requests with it, until there is more.
 */
#include <errno.h>
#include <unistd.h>

#include "log/input.h"
#include "log/request.h"

void input_open(struct input *input, int fd)
{
	input->fd = fd;
	input->is_peeking = peek_open(&input->peek, fd);
}

long input_read(struct input *input, void *out, size_t size_bytes)
{
	ssize_t got;

	if (input->is_peeking)
		return peek_read(&input->peek, out, size_bytes);
	do {
		if (request_wait(input->fd) == -1)
			return -1;
		got = read(input->fd, out, size_bytes);
	} while (got == -1 && errno == EAGAIN);
	return (long)got;
}

void input_release(struct input *input, size_t count)
{
	if (input->is_peeking)
		peek_drop(&input->peek, count);
}

void input_close(struct input *input)
{
	if (input->is_peeking)
		peek_close(&input->peek);
	input->is_peeking = false;
}
