/*
 * memory_linux.c -- see memory.h. Not malloc(3)'s: that may write marks of its
 * own, a page each, to what nobody uses.
 */
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/memory.h"

void *memory_get(size_t count)
{
	void *got = mmap(NULL, count, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return got == MAP_FAILED ? NULL : got;
}

void memory_free(void *start, size_t count)
{
	if (start)
		munmap(start, count);
}

void memory_give_back(void *start, size_t count)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	size_t before = -(uintptr_t)start & (page_bytes - 1);

	if (count < before + page_bytes)
		return;
	count = (count - before) & ~(page_bytes - 1);
	madvise((char *)start + before, count, MADV_DONTNEED);
}
