/*
 * aside.h -- processes beside those that a service consists of: what runs for a
 * moment before a command, after a change, to try whether it answers.
 *
 * - Nobody waits for one by blocking.
 * - Each has a limit, after which it and its process group are killed, by way
 *   of the process itself and not of a number that may be another's.
 * - A service has at most ASIDE_MOST of them.
 * - None is on record: a supervisor that is killed forgets them, and the next
 *   one neither adopts nor repeats them.
 */
#ifndef ENGINE_ASIDE_H
#define ENGINE_ASIDE_H

#include "engine/site.h"

#define ASIDE_MOST 8 /* at a time, of one service */

struct aside_plan {
	const char *script; /* "notify": what is run is ./notify */
	/* Up to a NULL: the script's arguments, after its own name. */
	const char *arguments[SPAWN_ARGUMENTS + 1];
	int64_t limit_ns;
	bool holds_control; /* see struct spawn_plan */
	/* Called once, when it has ended or was killed as its limit had come;
	 * not after aside_forget_all(). May be NULL. */
	void (*on_end)(struct site *site, void *owner, struct process_end end);
	void *owner;
};

/*
 * Starts it, in the service directory. 0, or -1 with errno: the system has no
 * process or memory to give, or there are ASIDE_MOST already (EAGAIN).
 */
int aside_start(struct site *site, const struct aside_plan *plan);

/* The service goes: nothing is told to it any more. What runs is reaped, and
 * killed when its limit comes, as if nothing had happened. */
void aside_forget_all(struct site *site);

/* The loop ends: those that still run go on by themselves. */
void aside_free_all(void);

#endif
