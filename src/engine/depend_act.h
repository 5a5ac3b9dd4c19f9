/*
 * depend_act.h -- what is done about the graph's answers: services are
 * released, take along what they need, and make way for what is to end.
 */
#ifndef ENGINE_DEPEND_ACT_H
#define ENGINE_DEPEND_ACT_H

#include "loop/loop.h"

/* For the timer that depend_act_soon() sets, whose owner is the struct depend.
 */
void depend_act(struct loop_timer *timer);

#endif
