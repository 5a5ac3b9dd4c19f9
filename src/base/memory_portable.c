/* memory_portable.c -- see memory.h. POSIX's advice must keep the bytes. */
#include <stdlib.h>

#include "base/memory.h"

void *memory_get(size_t count)
{
	return calloc(1, count);
}

void memory_free(void *start, size_t count)
{
	(void)count;
	free(start);
}

void memory_give_back(void *start, size_t count)
{
	(void)start;
	(void)count;
}
