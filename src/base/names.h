/*
 * names.h -- the names in a directory, in one pass.
 *
 * The descriptor of the directory stays as it is: its position neither matters
 * nor moves. names_linux.c allocates nothing; names_portable.c, its twin, does
 * what opendir(3) does. The build takes one.
 */
#ifndef BASE_NAMES_H
#define BASE_NAMES_H

enum names_kind {
	NAMES_FILE, /* an ordinary one */
	NAMES_DIRECTORY,
	NAMES_UNKNOWN, /* a link, or a file system that doesn't tell: ask */
	NAMES_OTHER,   /* a device, FIFO or socket */
};

/*
 * Calls `take` for each name but "." and "..", in no order; `name` is borrowed
 * for the call. 0, or -1 with errno from openat(2) or the reading; then `take`
 * has been called for some.
 */
int names_each(int dir_fd,
	       void (*take)(void *owner, const char *name,
			    enum names_kind kind),
	       void *owner);

#endif
