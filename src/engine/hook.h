/*
 * hook.h -- runit's control/X: a program that runs before a command's signal is
 * sent, or before a service is started, and may do so in the signal's place.
 *
 * What was wished for is on record before its hook begins, and so are the
 * signals that are held back for it. So a supervisor that is killed while a
 * hook runs loses none of it: the next one sends them. While a hook runs no
 * further command is obeyed; what isn't stays in the FIFO, which the hook keeps
 * open.
 *
 * Source: runit's runsv page, "CUSTOMIZE CONTROL"; and what Debian's runsv
 * 2.1.2 does.
 */
#ifndef ENGINE_HOOK_H
#define ENGINE_HOOK_H

#include "engine/site.h"

#define HOOK_LIMIT_NS INT64_C(5000000000) /* then it goes on without */

struct hook {
	char letter; /* whose is awaited; 0: none */
};

/* Whether commands have to be read one at a time, as each may have a hook. */
bool hook_is_possible(const struct site *site);

/* Whether there is one for that command's signals, or for a start if `letter`
 * is 'u'; an orderly stop is 'x'. None while another is awaited. */
bool hook_holds(const struct hook *hook, const struct site *site, char letter);

/*
 * Starts it; from then on hook_is_awaited(). When it has ended, had its time or
 * can't be started (which is said), tells HAPPENED_HOOK; then, perhaps after
 * another, HAPPENED_HOOKS_OVER.
 */
void hook_start(struct hook *hook, struct site *site, char letter);

static inline bool hook_is_awaited(const struct hook *hook)
{
	return hook->letter != 0;
}

#endif
