/* source.c -- see source.h. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/exec.h"
#include "base/fd.h"
#include "read/source.h"

/* The longest beginning in the table. */
#define MAGIC_BYTES 10

struct packing {
	char tool[8], options[8];
	const char *magic;
	size_t magic_len;
};

/*
 * A bzip2 file begins with "BZh" and a digit, as a line might, then with one
 * of two numbers, the second of which is that of an empty file. Sources: RFC
 * 1952, RFC 8878, xz's .xz file format, and the format of bzip2.
 */
static const struct packing packings[] = {
	{"gzip", "-dcq", "\x1f\x8b", 2},
	{"zstd", "-dcq", "\x28\xb5\x2f\xfd", 4},
	{"xz", "-dcq",
	 "\xfd"
	 "7zXZ\0",
	 6},
	{"bzip2", "-dcq", "1AY&SY", 6},
	{"bzip2", "-dcq", "\x17rE8P\x90", 6},
};
#define PACKING_COUNT (sizeof(packings) / sizeof(packings[0]))

static const struct packing *recognise(int fd)
{
	char start[MAGIC_BYTES];
	ssize_t got = pread(fd, start, sizeof(start), 0);

	for (size_t i = 0; i < PACKING_COUNT; i++) {
		const struct packing *packing = &packings[i];
		bool is_bzip2 = packing->tool[0] == 'b';
		size_t skip = is_bzip2 ? 4 : 0;

		if (got < (ssize_t)(skip + packing->magic_len) ||
		    (is_bzip2 && memcmp(start, "BZh", 3) != 0))
			continue;
		if (memcmp(start + skip, packing->magic, packing->magic_len) ==
		    0)
			return packing;
	}
	return NULL;
}

const char *source_tool(int fd)
{
	const struct packing *packing = recognise(fd);

	return packing ? packing->tool : NULL;
}

/*
 * Starts the decompressor on the file itself, not on its name, which rotation
 * may have taken away. What it has to say is said by its exit code.
 */
static int start(struct source *source, const struct packing *packing,
		 int out_fd)
{
	struct packing called = *packing; /* arguments aren't const */
	char *argv[] = {called.tool, called.options, NULL};
	posix_spawn_file_actions_t actions;
	int error;

	error = posix_spawn_file_actions_init(&actions);
	if (error != 0)
		goto out;
	posix_spawn_file_actions_adddup2(&actions, source->fd, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out_fd, STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null",
					 O_WRONLY, 0);
	if (lseek(source->fd, 0, SEEK_SET) == -1)
		error = errno;
	else
		error = posix_spawnp(&source->pid, argv[0], &actions, NULL,
				     argv, environ);
	posix_spawn_file_actions_destroy(&actions);
out:
	errno = error;
	return error == 0 ? 0 : -1;
}

int source_open(struct source *source, int fd, off_t offset, bool as_is)
{
	const struct packing *packing = as_is ? NULL : recognise(fd);
	int ends[2], error;

	*source = (struct source){.fd = fd, .offset = offset, .pipe_fd = -1};
	if (!packing)
		return 0;
	source->tool = packing->tool;
	if (pipe(ends) == -1)
		return -1;
	fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	fcntl(ends[1], F_SETFD, FD_CLOEXEC);
	if (start(source, packing, ends[1]) == -1) {
		error = errno;
		close(ends[0]);
		close(ends[1]);
		source->pid = 0;
		errno = error;
		return -1;
	}
	close(ends[1]);
	source->pipe_fd = ends[0];
	return 0;
}

long source_read(struct source *source, void *out, size_t size_bytes)
{
	ssize_t got;

	if (source->pid != 0)
		return fd_read_some(source->pipe_fd, out, size_bytes);
	do
		got = pread(source->fd, out, size_bytes, source->offset);
	while (got == -1 && errno == EINTR);
	if (got > 0)
		source->offset += got;
	return (long)got;
}

int source_close(struct source *source, bool is_early)
{
	int status = 0;
	pid_t pid = source->pid;

	if (pid == 0)
		return 0;
	close(source->pipe_fd);
	source->pid = 0;
	if (is_early)
		kill(pid, SIGTERM);
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		;
	return is_early || status == 0 ? 0 : -1;
}
