/*
 * replace.h -- another content for a file that others may be reading.
 */
#ifndef MAKE_REPLACE_H
#define MAKE_REPLACE_H

#include <stddef.h>

/*
 * Gives the file `name` in the directory open as `dir_fd` the `count` bytes, at
 * once and on disk; its mode and owner stay. Whoever has it open keeps the old
 * one. 0, or -1 with errno; then the old file stands.
 */
int replace_file(int dir_fd, const char *name, const void *bytes, size_t count);

#endif
