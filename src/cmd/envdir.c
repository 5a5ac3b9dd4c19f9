/*
 * envdir.c -- run a program with variables taken from a directory's files.
 *
 * A file's name is the variable's, its first line the value; an empty file
 * removes the variable. Any trouble is fatal: a program must not run with half
 * of its settings.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/env.h"
#include "base/exec.h"

struct value {
	char *text;       /* owned */
	size_t len, room; /* bytes */
};

/* Room for at least one more byte and a '\0'. */
static void make_room(struct value *value)
{
	size_t room = value->room * 2 + 1024;

	if (value->len + 1 < value->room)
		return;
	value->text = realloc(value->text, room);
	if (!value->text)
		diag_die(EXIT_SYSTEM, "out of memory");
	value->room = room;
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

		make_room(value);
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

/* Does to `env` what the file `name` of the current directory asks for. */
static void apply_file(struct env *env, const char *dir, const char *name,
		       struct value *value)
{
	struct stat unused;
	const char *text = NULL;
	int fd = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd == -1) {
		if (errno != ENOENT)
			goto fail;
		/* A link to nothing is as an empty file; a file that went away
		 * since it was listed might as well have gone before. */
		if (lstat(name, &unused) == -1)
			return;
	} else {
		if (read_line(fd, value) == -1)
			goto fail;
		close(fd);
		if (value->len > 0) {
			trim(value);
			text = value->text;
		}
	}
	if (env_set(env, name, text) == -1)
		diag_die(EXIT_SYSTEM, "out of memory");
	return;
fail:
	diag_die_errno(EXIT_SYSTEM, "unable to read %s/%s", dir, name);
}

/* Goes through the current directory, which messages call `dir_path`. */
static void apply_directory(struct env *env, const char *dir_path)
{
	struct value value = {0};
	const struct dirent *entry;
	DIR *dir = opendir(".");

	if (!dir)
		diag_die_errno(EXIT_SYSTEM, "unable to read directory %s",
			       dir_path);
	while (errno = 0, (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			apply_file(env, dir_path, entry->d_name, &value);
	if (errno != 0)
		diag_die_errno(EXIT_SYSTEM, "unable to read directory %s",
			       dir_path);
	closedir(dir);
	free(value.text);
}

int main(int argc, char *argv[])
{
	struct env env;
	int start_fd;

	diag_set_program("envdir");
	if (argc < 3)
		diag_usage(EXIT_SYSTEM, "dir child"); /* 111, as ever */
	if (env_start(&env, environ) == -1)
		diag_die(EXIT_SYSTEM, "out of memory");
	start_fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (start_fd == -1)
		diag_die_errno(EXIT_SYSTEM,
			       "unable to switch to current directory");
	if (chdir(argv[1]) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to switch to directory %s",
			       argv[1]);
	apply_directory(&env, argv[1]);
	if (fchdir(start_fd) == -1)
		diag_die_errno(EXIT_SYSTEM,
			       "unable to switch to starting directory");
	exec_or_die(argv + 2, env.entries);
}
