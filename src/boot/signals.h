/*
 * signals.h -- what each signal means to svscanboot.
 *
 * The default action of a signal is none for process 1, and an end for others:
 * what a container's process 1 shall ignore is caught, so that the answer is
 * the same under an init of the engine's, and that what is started, which would
 * inherit an ignored one, begins with the default.
 */
#ifndef BOOT_SIGNALS_H
#define BOOT_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

#define SIGNALS_END 65 /* above all numbers */

enum reaction_kind {
	REACTION_NONE, /* it isn't caught */
	REACTION_IGNORE,
	REACTION_CHILD, /* one has ended */
	REACTION_STOP,
	REACTION_SCAN,
	REACTION_DETACH,
	REACTION_SERVICE, /* a service gets it, or another instead */
};

struct reaction {
	enum reaction_kind kind;
	const char *service; /* borrowed; of REACTION_SERVICE */
	char letter;         /* likewise: what supervise/control has for it */
};

struct reactions {
	struct reaction all[SIGNALS_END]; /* by number */
};

/* On a machine: stop, scan and detach, as ever. */
void reactions_of_machine(struct reactions *reactions);

/* In a container: all that engines send to have it stop does that. */
void reactions_of_container(struct reactions *reactions);

/*
 * Takes "SIGNAL=stop", "=scan", "=ignore" or "=SERVICE[:SIGNAL]"; `text` is
 * changed, and borrowed for good. NULL, or what is wrong with it: static.
 */
const char *reactions_map(struct reactions *reactions, char *text);

/* Blocks and catches what there is a reaction to; `caught` are those. With
 * `keeps_ignored_int`, an INT that was ignored stays so: that is how a shell
 * script shields what it starts in the background from the keyboard. */
void reactions_catch(const struct reactions *reactions, bool keeps_ignored_int,
		     sigset_t *caught);

/* A signal that came since; 0: none. Many of a number may count as one. */
int signals_take(void);

#endif
