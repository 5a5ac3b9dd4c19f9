/*
 * memory.h -- large buffers of a program that is idle most of the time.
 *
 * They cost no memory of the machine until they are written to, where the
 * system knows such a thing, and none again after memory_give_back().
 */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stddef.h>

/* `count` bytes of zeros; NULL with ENOMEM. memory_free() releases them. */
void *memory_get(size_t count);

/* `count` as it was asked for. NULL is nothing to release. */
void memory_free(void *start, size_t count);

/*
 * Forgets what is in the `count` bytes at `start`, a part of what memory_get()
 * gave: the system may take back the pages that are wholly within. They can be
 * written to again at any time; until then what they hold is unspecified.
 */
void memory_give_back(void *start, size_t count);

#endif
