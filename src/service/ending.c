/* ending.c -- see ending.h. */
#include <errno.h>
#include <unistd.h>

#include "base/fd.h"
#include "service/ending.h"

/* One write or read of less than PIPE_BUF bytes is whole, or fails. */
void ending_tell(int write_fd, const struct ending *ending)
{
	(void)fd_write_all(write_fd, ending, sizeof(*ending));
}

bool ending_take(int read_fd, struct ending *ending)
{
	ssize_t count;

	do
		count = read(read_fd, ending, sizeof(*ending));
	while (count == -1 && errno == EINTR);
	if (count != (ssize_t)sizeof(*ending) || ending->kind < 0 ||
	    ending->kind >= ENDING_KIND_COUNT)
		return false;
	ending->text[ENDING_TEXT_SIZE - 1] = '\0';
	return true;
}
