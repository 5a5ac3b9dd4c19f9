/*
 * moved.h -- being told when a name leads to another directory than the current
 * one: when it was a link, and is turned; or when one was put in its place.
 */
#ifndef ENGINE_MOVED_H
#define ENGINE_MOVED_H

#include "loop/loop.h"

/* As many links on the way are watched. */
#define MOVED_LINKS_MOST 8

struct moved {
	/* Set by the owner before moved_watch(), and kept by it. */
	struct loop *loop;
	const char *path; /* absolute */
	void (*on_move)(void *owner);
	void *owner;
	/* The rest is moved.c's. */
	struct loop_directory places[MOVED_LINKS_MOST]; /* that hold a link */
	struct loop_timer again;
};

/* Watches, or watches anew, and calls on_move at once if it has moved. Where
 * the system doesn't tell of changes, it looks every 5 seconds. */
void moved_watch(struct moved *moved);

/* No more calls. */
void moved_end(struct moved *moved);

#endif
