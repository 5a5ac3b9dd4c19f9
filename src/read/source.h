/*
 * source.h -- the bytes of one file of a log, as they were before a processor
 * compressed them.
 *
 * What a file holds decides, not its name: gzip, zstd, xz and bzip2 are known
 * by their first bytes and read through the program of that name, which is
 * looked for in PATH. Everything else is read as it is.
 */
#ifndef READ_SOURCE_H
#define READ_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct source {
	int fd;           /* the file: borrowed; what is read if pid is 0 */
	off_t offset;     /* of fd: the next byte */
	int pipe_fd;      /* owned: from the decompressor */
	pid_t pid;        /* the decompressor; 0 for none */
	const char *tool; /* its name; NULL for none */
};

/* Whether the regular file open as `fd` is compressed: by what; else NULL. */
const char *source_tool(int fd);

/*
 * Begins to read the regular file open as `fd`, which stays the caller's, at
 * `offset`; a compressed one always at its beginning. `as_is` reads every file
 * as it is. 0, or -1 with errno, ENOENT when the decompressor (source->tool)
 * isn't there; then there is nothing to close.
 */
int source_open(struct source *source, int fd, off_t offset, bool as_is);

/* As fd_read_some(). What comes after the end may be asked for again. */
long source_read(struct source *source, void *out, size_t size_bytes);

/*
 * Ends the decompressor, `is_early` if it may have more to say. 0, or -1 if
 * it failed of itself: the file is damaged, or was cut short.
 */
int source_close(struct source *source, bool is_early);

#endif
