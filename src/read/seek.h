/*
 * seek.h -- finding a moment in a file of stamped lines.
 *
 * A binary search: in a file of 16 MB some twelve reads of 4 KiB. Lines
 * without a stamp belong to the stamped one before them. Stamps are taken to
 * rise; where a clock was set back, some line near the moment is found.
 */
#ifndef READ_SEEK_H
#define READ_SEEK_H

#include <sys/types.h>
#include <time.h>

/*
 * Returns where, in the first `size` bytes of the regular file open as `fd`,
 * the first line with a stamp of `since` or later begins: `size` if all are
 * earlier; 0 if that is the first stamped line, so that what stands before it
 * isn't left out, and if no line has a stamp. -1 with errno from pread(2). The
 * file offset of `fd` isn't used.
 */
off_t seek_moment(int fd, off_t size, struct timespec since);

#endif
