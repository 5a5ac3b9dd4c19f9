/*
 * heap.h -- what comes next, of several sequences in order of time.
 *
 * At most one item of each sequence is in the heap. Of equal moments that of
 * the sequence with the lower number comes first, so the order is always the
 * same.
 */
#ifndef READ_HEAP_H
#define READ_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

struct heap_item {
	struct timespec at;
	size_t sequence;
};

struct heap {
	struct heap_item *items; /* borrowed: room for one per sequence */
	size_t count;
};

void heap_push(struct heap *heap, struct heap_item item);

/* Takes the earliest; false when the heap is empty. */
bool heap_pop(struct heap *heap, struct heap_item *item);

#endif
