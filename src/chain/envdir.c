/* envdir.c -- see envdir.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chain/envdir.h"

struct value {
	char *text;       /* owned */
	size_t len, room; /* bytes */
};

/* Room for at least one more byte and a '\0'. 0, or -1 with ENOMEM. */
static int make_room(struct value *value)
{
	size_t room = value->room * 2 + 1024;
	char *text;

	if (value->len + 1 < value->room)
		return 0;
	text = realloc(value->text, room);
	if (!text)
		return -1;
	value->text = text;
	value->room = room;
	return 0;
}

/*
 * Reads `fd`, at least up to its first newline. 0, or -1 with errno: for a FIFO
 * with a writer that hasn't written, EAGAIN.
 */
static int read_line(int fd, struct value *value)
{
	value->len = 0;
	for (;;) {
		char *end;
		ssize_t got;

		if (make_room(value) == -1)
			return -1;
		end = value->text + value->len;
		got = read(fd, end, value->room - 1 - value->len);
		if (got == -1 && errno == EINTR)
			continue;
		if (got <= 0)
			return (int)got;
		value->len += (size_t)got;
		if (memchr(end, '\n', (size_t)got))
			return 0;
	}
}

/* Cuts `value` to what the variable holds, and ends it. */
static void trim(struct value *value)
{
	const char *newline = memchr(value->text, '\n', value->len);

	if (newline)
		value->len = (size_t)(newline - value->text);
	while (value->len > 0 && (value->text[value->len - 1] == ' ' ||
				  value->text[value->len - 1] == '\t'))
		value->len--;
	/* A variable cannot hold NUL, so that stands for newline. */
	for (size_t i = 0; i < value->len; i++)
		if (value->text[i] == '\0')
			value->text[i] = '\n';
	value->text[value->len] = '\0';
}

static int fail(struct envdir *envdir, enum envdir_step step)
{
	envdir->step = errno == ENOMEM ? ENVDIR_ALLOCATE : step;
	return -1;
}

/* Sets or, for NULL, removes the variable that the file `name` is for. */
static int set_variable(struct envdir *envdir, const char *name,
			const char *text)
{
	if (env_set_prefixed(envdir->env, envdir->prefix, name, text) == -1)
		return fail(envdir, ENVDIR_ALLOCATE);
	return 0;
}

/* Does what the file `name` of the current directory asks for. */
static int apply_file(struct envdir *envdir, const char *name,
		      struct value *value)
{
	struct stat unused;
	int error, result;
	int fd = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd == -1 && errno == ENOENT) {
		/* A link to nothing is as an empty file; a file that went away
		 * since it was listed might as well have gone before. */
		if (lstat(name, &unused) == -1)
			return 0;
		return set_variable(envdir, name, NULL);
	}
	result = fd == -1 ? -1 : read_line(fd, value);
	error = errno;
	if (fd != -1)
		close(fd);
	errno = error;
	if (result == -1 && errno == EISDIR && envdir->pass_over) {
		envdir->pass_over(envdir->path, name);
		return 0;
	}
	if (result == -1) {
		snprintf(envdir->name, sizeof(envdir->name), "%s", name);
		return fail(envdir, ENVDIR_READ);
	}
	if (value->len == 0)
		return set_variable(envdir, name, NULL);
	trim(value);
	return set_variable(envdir, name, value->text);
}

/* Goes through the current directory. */
static int apply_all(struct envdir *envdir)
{
	struct value value = {0};
	const struct dirent *entry;
	int error, result = 0;
	DIR *dir = opendir(".");

	if (!dir)
		return fail(envdir, ENVDIR_LIST);
	while (result == 0 && (errno = 0, entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			result = apply_file(envdir, entry->d_name, &value);
	if (result == 0 && errno != 0)
		result = fail(envdir, ENVDIR_LIST);
	error = errno;
	closedir(dir);
	free(value.text);
	errno = error;
	return result;
}

int envdir_apply(struct envdir *envdir)
{
	int start_fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int error, result = -1;

	if (start_fd == -1)
		return fail(envdir, ENVDIR_REMEMBER);
	if (chdir(envdir->path) == -1)
		fail(envdir, ENVDIR_ENTER);
	else if (apply_all(envdir) == 0)
		result = fchdir(start_fd) == -1 ? fail(envdir, ENVDIR_RETURN)
						: 0;
	error = errno;
	close(start_fd);
	errno = error;
	return result;
}
