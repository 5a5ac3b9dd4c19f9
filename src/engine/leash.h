/*
 * leash.h -- what connects svscan and a process of it that hosts a directory.
 *
 * A socket, whose end is that of svscan's interest: that process leaves
 * everything running then, and exits, whoever comes next adopts it. It tells
 * how its service stands for those that need it, and answers that it is there,
 * which it can't while it hangs.
 */
#ifndef ENGINE_LEASH_H
#define ENGINE_LEASH_H

#include <stdbool.h>

#include "service/graph.h"

/* Names the descriptor of that process's end. */
#define LEASH_VARIABLE "HOLDFAST_LEASH"

struct leash {
	int fd; /* owned; -1: there is none */
};

enum leash_message {
	LEASH_NONE,  /* nothing more for now */
	LEASH_ASK,   /* is it there? */
	LEASH_HERE,  /* it is */
	LEASH_FACTS, /* as they are now */
	LEASH_OVER,  /* nobody is at the other end */
};

/* The one that the environment names, if any; it doesn't from now on. */
void leash_take(struct leash *leash);

/* Both ends of a new one, close-on-exec. 0, or -1 with errno. */
int leash_make(int ends[2]);

/* Never waits. What doesn't go through isn't told. `facts` count for
 * LEASH_FACTS. */
void leash_send(int fd, enum leash_message message,
		const struct graph_facts *facts);
enum leash_message leash_receive(int fd, struct graph_facts *facts);

#endif
