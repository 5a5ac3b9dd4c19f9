/*
 * timers.h -- the loop's timers in the order they fall due.
 *
 * A pairing heap threaded through the timers themselves: no allocation, so
 * setting a timer can't fail; O(1) to set, O(log n) amortised to take out.
 */
#ifndef LOOP_TIMERS_H
#define LOOP_TIMERS_H

#include "loop/loop.h"

struct timers {
	struct loop_timer *first; /* the earliest; NULL when there is none */
};

void timers_add(struct timers *timers, struct loop_timer *timer);
void timers_remove(struct timers *timers, struct loop_timer *timer);

#endif
