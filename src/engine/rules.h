/*
 * rules.h -- what its directory says of a service, kept up to date.
 *
 * Read again whenever something is about to depend on it: before a start, and
 * after an end. A directory that says nothing special, as those of daemontools
 * don't, is remembered as just that, and takes no memory.
 */
#ifndef ENGINE_RULES_H
#define ENGINE_RULES_H

#include "engine/site.h"
#include "engine/standing.h"

/*
 * Reads the directory and makes the machine's rules of it. What is wrong with
 * it is said, once as long as it stays the same. 0, or -1 with errno: it can't
 * be read, and what was known holds.
 */
int rules_refresh(struct site *site, struct machine_rules *rules);
/* The same, unless it is known that nothing changed. */
void rules_refresh_after_changes(struct site *site,
				 struct machine_rules *rules);

void rules_forget(struct site *site);

/* What is known; that of an empty directory where nothing is. */
const struct service_config *rules_of(const struct site *site);

/* What the script of that phase is called. */
const char *rules_script(const struct site *site, enum machine_phase phase);

/*
 * What the end of the running script means: EVENT_EXITED or EVENT_FAILED. Lets
 * the restart policy say what comes, and when: sets the machine's start_due_ns
 * and, if there is to be no restart, its wish.
 */
enum machine_event rules_judge_end(const struct site *site,
				   struct standing *standing,
				   const struct process_end *end);

#endif
