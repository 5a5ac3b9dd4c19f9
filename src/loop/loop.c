/* loop.c -- see loop.h; what all backends share. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <time.h>

#include "loop/backend.h"
#include "loop/loop.h"
#include "loop/timers.h"

struct loop {
	struct backend *backend;
	struct timers timers;
	int64_t round_ns; /* the moment up to which timers are being run */
	void (*before_wait)(void *owner);
	void *before_wait_owner;
	bool is_stopped;
};

struct loop *loop_new(void)
{
	struct loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return NULL;
	loop->round_ns = INT64_MIN;
	loop->backend = backend_new(loop);
	if (!loop->backend) {
		free(loop);
		return NULL;
	}
	return loop;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	backend_free(loop->backend);
	free(loop);
}

struct backend *loop_backend(struct loop *loop)
{
	return loop->backend;
}

int64_t loop_now_ns(void)
{
	struct timespec now = {0, 0};

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void loop_timer_set(struct loop *loop, struct loop_timer *timer, int64_t due_ns)
{
	loop_timer_cancel(loop, timer);
	/* Set while timers run, it has to wait for the next round. */
	if (due_ns <= loop->round_ns)
		due_ns = loop->round_ns + 1;
	timer->due_ns = due_ns;
	timer->is_set = true;
	timers_add(&loop->timers, timer);
}

void loop_timer_cancel(struct loop *loop, struct loop_timer *timer)
{
	if (!timer->is_set)
		return;
	timers_remove(&loop->timers, timer);
	timer->is_set = false;
}

/*
 * Runs what is due at one reading of the clock, so that a timer that sets
 * itself again for "now", or earlier, can't keep the loop from its descriptors
 * nor from other timers.
 */
static void run_timers(struct loop *loop)
{
	if (!loop->timers.first)
		return;
	loop->round_ns = loop_now_ns();
	while (loop->timers.first &&
	       loop->timers.first->due_ns <= loop->round_ns) {
		struct loop_timer *timer = loop->timers.first;

		loop_timer_cancel(loop, timer);
		timer->on_due(timer);
	}
	loop->round_ns = INT64_MIN;
}

/* Rounded up: waking early would mean waking twice. */
static int timeout_ms(const struct loop *loop)
{
	int64_t now_ns, left_ns;

	if (!loop->timers.first)
		return -1;
	now_ns = loop_now_ns();
	if (loop->timers.first->due_ns <= now_ns)
		return 0;
	left_ns = loop->timers.first->due_ns - now_ns;
	if (left_ns / 1000000 >= INT_MAX)
		return INT_MAX;
	return (int)((left_ns + 999999) / 1000000);
}

int loop_run(struct loop *loop)
{
	loop->is_stopped = false;
	while (!loop->is_stopped) {
		if (loop->before_wait)
			loop->before_wait(loop->before_wait_owner);
		if (loop->is_stopped)
			break;
		if (backend_wait(loop->backend, timeout_ms(loop)) == -1)
			return -1;
		run_timers(loop);
	}
	return 0;
}

void loop_before_wait(struct loop *loop, void (*call)(void *owner), void *owner)
{
	loop->before_wait = call;
	loop->before_wait_owner = owner;
}

void loop_stop(struct loop *loop)
{
	loop->is_stopped = true;
}
