/*
 * fd.h -- descriptors: whole writes, whole files, and standard ones that exist.
 */
#ifndef BASE_FD_H
#define BASE_FD_H

#include <stddef.h>

/* Opens /dev/null on each of 0, 1 and 2 that is closed. 0, or -1 with errno. */
int fd_ensure_standard(void);

/*
 * Writes all `count` bytes, going on after interruptions and short writes; a
 * descriptor that says EAGAIN is waited for. 0, or -1 with errno from
 * write(2); then some of the bytes may have been written.
 */
int fd_write_all(int fd, const void *bytes, size_t count);

/*
 * Reads what there is, up to `size_bytes`, going on after interruptions; a
 * descriptor that says EAGAIN is waited for. Returns the count, 0 at the end,
 * or -1 with errno from read(2).
 */
long fd_read_some(int fd, void *out, size_t size_bytes);

/*
 * Writes a small file whole: made as `name`.new in `dir_fd`, then renamed, so a
 * reader sees the old bytes or the new ones. Follows no link at either name;
 * whatever is called `name`.new, unless it is a directory, is removed first.
 * 0, or -1 with errno; then the old file stands, and nothing is left beside
 * it. A `name` so long that nothing fits beside it is ENAMETOOLONG. Not synced
 * to disk.
 */
int fd_replace_file(int dir_fd, const char *name, const void *bytes,
		    size_t count, unsigned mode);

/*
 * Writes a regular file that is there, in place: for a directory in which none
 * can be made. Until it returns, a reader may find the new bytes, a '\0' and
 * the rest of the old ones. Follows no link. 0, or -1 with errno.
 */
int fd_rewrite_file(int dir_fd, const char *name, const void *bytes,
		    size_t count);

/*
 * Reads a small file into `out`: at most `size_bytes` of it. Never blocks on a
 * FIFO. Returns the count, or -1 with errno from openat(2) or read(2).
 */
long fd_read_file(int dir_fd, const char *name, void *out, size_t size_bytes);

/*
 * The same of a file that has to be there itself: a link is ELOOP, as one would
 * show what it leads to under its own name.
 */
long fd_read_own_file(int dir_fd, const char *name, void *out,
		      size_t size_bytes);

/*
 * Reads all of a file into new memory, which the caller frees, with a '\0'
 * after the *len bytes. NULL with errno from open(2) or the reading, or ENOMEM.
 */
char *fd_read_all(const char *path, size_t *len);

#endif
