/*
 * depend.h -- services that wait for one another: dependencies.d, wants.d,
 * after.d and contents.d of the services of a scan directory, read live.
 *
 * A service starts the moment the last thing that it waits for is ready, and
 * ends when nothing runs any more that needs it. What the directories say is
 * taken when it changes, and restarts nothing. Names are those in the scan
 * directory. A service that has none of these directories, and that no other
 * names, has no place here and costs nothing.
 *
 * Starting: a service that comes up, at first or by a command, takes along
 * what it needs and wants, as if that had got the command "up". But what was
 * told to be down, and has run in this boot, stays down when a supervisor is
 * followed by another.
 * Stopping: a service that is told to be down while others run that need it is
 * put on record as wanted down, and ends after them. They go on to be
 * wanted up, and wait. The same command once more ends it now.
 */
#ifndef ENGINE_DEPEND_H
#define ENGINE_DEPEND_H

#include <stdbool.h>

#include "engine/depend_place.h"
#include "loop/loop.h"

struct entry;

void depend_begin(struct depend *depend, struct loop *loop);
/* All entries must have been forgotten. */
void depend_end(struct depend *depend);

/*
 * Whether the entry has to be looked at: something has changed, or it may have
 * changed without anybody telling. Costs no system call.
 */
bool depend_must_look(const struct entry *entry);

/*
 * Reads what the directories of the entry say, if there are any. False with
 * errno: the system refused, which was said once; then it must not be hosted
 * now, and be looked at again.
 */
bool depend_look(struct depend *depend, struct entry *entry);

/* Whether that name, in a service directory, is one of those directories. */
bool depend_is_name(const char *name);

/* Whether it is but a name for others, with nothing in it to supervise. */
bool depend_is_bundle(const struct entry *entry);

/* The entry is no more, or gets another name: it is looked at anew, then. */
void depend_forget(struct entry *entry);

/*
 * Around a scan, in which entries come, go and are hosted. Services that may
 * wait for others are started at its end, when all names are known; what is
 * missing, and what goes round in a circle, is said then. `entries` is the
 * scanner's list.
 */
void depend_scan_begins(struct depend *depend);
void depend_scan_ends(struct depend *depend, struct entry *entries);

/* An orderly stop of all of them is about to begin. */
void depend_stop(struct depend *depend, struct entry *entries);

/* How a service stands that is hosted elsewhere. It waits for nobody. */
void depend_tell_of(struct depend *depend, const char *name,
		    const struct graph_facts *facts);

#endif
