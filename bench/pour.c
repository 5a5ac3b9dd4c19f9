/*
 * pour.c -- the writer of the log comparison: a file to standard output, fast.
 *
 * The file is in memory before the first byte is written, so that all it
 * costs is one copy into the pipe. With -l each line is a write of its own, as
 * a program's that doesn't buffer; otherwise a write fills a pipe.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/fd.h"

#define BLOCK_SIZE 65536

static void put(const char *bytes, size_t count)
{
	if (fd_write_all(STDOUT_FILENO, bytes, count) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to write");
}

static void pour(const char *bytes, size_t count, bool is_by_line)
{
	while (count > 0) {
		const char *end = NULL;
		size_t len = count < BLOCK_SIZE ? count : BLOCK_SIZE;

		if (is_by_line)
			end = memchr(bytes, '\n', count);
		if (end)
			len = (size_t)(end + 1 - bytes);
		put(bytes, len);
		bytes += len;
		count -= len;
	}
}

int main(int argc, char *argv[])
{
	bool is_by_line = argc == 4 && strcmp(argv[1], "-l") == 0;
	struct stat status;
	const char *bytes;
	int fd;

	diag_set_program("pour");
	if (argc != 3 && !is_by_line)
		diag_usage(EXIT_USAGE, "[-l] file times");
	fd = open(argv[argc - 2], O_RDONLY);
	if (fd == -1 || fstat(fd, &status) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to open %s",
			       argv[argc - 2]);
	bytes = mmap(NULL, (size_t)status.st_size, PROT_READ,
		     MAP_SHARED | MAP_POPULATE, fd, 0);
	if (bytes == MAP_FAILED)
		diag_die_errno(EXIT_SYSTEM, "unable to map %s", argv[argc - 2]);
	for (long times = strtol(argv[argc - 1], NULL, 10); times > 0; times--)
		pour(bytes, (size_t)status.st_size, is_by_line);
	return 0;
}
