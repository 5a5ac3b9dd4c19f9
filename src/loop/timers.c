/* timers.c -- see timers.h. */
#include <stddef.h>

#include "loop/timers.h"

/* The later of two roots becomes the first child of the earlier one. */
static struct loop_timer *meld(struct loop_timer *a, struct loop_timer *b)
{
	if (!a)
		return b;
	if (!b)
		return a;
	if (b->due_ns < a->due_ns) {
		struct loop_timer *earlier = b;

		b = a;
		a = earlier;
	}
	b->before = a;
	b->next = a->child;
	if (a->child)
		a->child->before = b;
	a->child = b;
	return a;
}

static struct loop_timer *detach(struct loop_timer *root)
{
	if (root)
		root->next = root->before = NULL;
	return root;
}

/*
 * Melds a list of siblings into one heap: in pairs, then the pairs one by one.
 * Two passes, and no recursion, keep a long list cheap.
 */
static struct loop_timer *meld_siblings(struct loop_timer *list)
{
	struct loop_timer *pairs = NULL, *root = NULL;

	while (list) {
		struct loop_timer *a = list, *b = list->next, *pair;

		list = b ? b->next : NULL;
		pair = meld(detach(a), detach(b));
		pair->next = pairs;
		pairs = pair;
	}
	while (pairs) {
		struct loop_timer *pair = pairs;

		pairs = pair->next;
		root = meld(root, detach(pair));
	}
	return root;
}

void timers_add(struct timers *timers, struct loop_timer *timer)
{
	timer->child = timer->next = timer->before = NULL;
	timers->first = meld(timers->first, timer);
}

void timers_remove(struct timers *timers, struct loop_timer *timer)
{
	struct loop_timer *below = meld_siblings(timer->child);

	if (timer == timers->first) {
		timers->first = below;
	} else {
		if (timer->before->child == timer)
			timer->before->child = timer->next;
		else
			timer->before->next = timer->next;
		if (timer->next)
			timer->next->before = timer->before;
		timers->first = meld(timers->first, below);
	}
	timer->child = timer->next = timer->before = NULL;
}
