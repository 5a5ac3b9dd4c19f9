/* redirect.c -- see redirect.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/number.h"
#include "base/strb.h"
#include "chain/redirect.h"

/* The descriptor that the first `len` bytes of `text` name; -1: none. */
static int parse_fd(const char *text, size_t len)
{
	char room[16];
	struct strb digits = strb_on(room, sizeof(room));
	uint64_t fd;

	strb_add_bytes(&digits, text, len);
	if (digits.is_cut || number_parse(room, INT_MAX, &fd) == -1)
		return -1;
	return (int)fd;
}

int redirect_parse(enum redirect_kind kind, const char *text,
		   struct redirect *redirect)
{
	size_t len = strcspn(text, ":");
	const char *rest = text[len] == ':' ? text + len + 1 : NULL;

	*redirect = (struct redirect){.kind = kind, .path = rest};
	redirect->fd = parse_fd(text, len);
	if (kind == REDIRECT_COPY && rest)
		redirect->from_fd = parse_fd(rest, strlen(rest));
	if (redirect->fd == -1 || redirect->from_fd == -1 ||
	    !rest != (kind == REDIRECT_CLOSE) || (rest && *rest == '\0')) {
		errno = EINVAL;
		return -1;
	}
	return 0;
}

static int open_at(const struct redirect *redirect, int flags)
{
	int result, error;
	int fd = open(redirect->path, flags | O_NOCTTY, 0666);

	if (fd == -1 || fd == redirect->fd)
		return fd;
	result = dup2(fd, redirect->fd);
	error = errno;
	close(fd);
	errno = error;
	return result;
}

int redirect_do(const struct redirect *redirect)
{
	int result = -1;

	switch (redirect->kind) {
	case REDIRECT_CLOSE: close(redirect->fd); return 0;
	case REDIRECT_READ: result = open_at(redirect, O_RDONLY); break;
	case REDIRECT_WRITE:
		result = open_at(redirect, O_WRONLY | O_CREAT | O_TRUNC);
		break;
	case REDIRECT_APPEND:
		result = open_at(redirect, O_WRONLY | O_CREAT | O_APPEND);
		break;
	case REDIRECT_COPY:
		result = dup2(redirect->from_fd, redirect->fd);
		break;
	}
	return result == -1 ? -1 : 0;
}
