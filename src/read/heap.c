/* heap.c -- see heap.h: a binary heap in an array. */
#include "read/heap.h"
#include "read/moment.h"

static bool comes_before(const struct heap_item *a, const struct heap_item *b)
{
	if (moment_is_before(a->at, b->at))
		return true;
	return !moment_is_before(b->at, a->at) && a->sequence < b->sequence;
}

void heap_push(struct heap *heap, struct heap_item item)
{
	size_t at = heap->count++;

	while (at > 0 && comes_before(&item, &heap->items[(at - 1) / 2])) {
		heap->items[at] = heap->items[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	heap->items[at] = item;
}

bool heap_pop(struct heap *heap, struct heap_item *item)
{
	struct heap_item last;
	size_t at = 0, child;

	if (heap->count == 0)
		return false;
	*item = heap->items[0];
	last = heap->items[--heap->count];
	while ((child = 2 * at + 1) < heap->count) {
		if (child + 1 < heap->count &&
		    comes_before(&heap->items[child + 1], &heap->items[child]))
			child++;
		if (!comes_before(&heap->items[child], &last))
			break;
		heap->items[at] = heap->items[child];
		at = child;
	}
	heap->items[at] = last;
	return true;
}
