/*
 * event.h -- what has happened to a service between two looks.
 *
 * A pure function. What is counted, starts and deaths, is told of even if it
 * was over before the second look; of several deaths the last one has a reason.
 */
#ifndef VIEW_EVENT_H
#define VIEW_EVENT_H

#include "client/look.h"
#include "view/row.h"

enum happening {
	HAPPENED_SUPERVISED,   /* somebody has it in their care now */
	HAPPENED_UNSUPERVISED, /* nobody has any more */
	HAPPENED_STARTED,
	HAPPENED_READY,
	HAPPENED_DIED,
	HAPPENED_GAVE_UP, /* it won't be started again */
	HAPPENED_PAUSED,
	HAPPENED_CONTINUED,
	HAPPENING_COUNT
};

struct event {
	enum happening kind;
	int64_t at_s;       /* Unix time; 0: now */
	int64_t pid;        /* HAPPENED_STARTED */
	int64_t count;      /* HAPPENED_DIED: so often since the look before */
	struct row_end end; /* HAPPENED_DIED, HAPPENED_GAVE_UP */
};

#define EVENT_MOST 8 /* between two looks */

/* Fills in what happened, in its order; returns how many. */
size_t event_compare(const struct look *before, const struct look *now,
		     struct event out[EVENT_MOST]);

/* One word. Static. */
const char *event_word(enum happening kind);

/* Adds "started, pid 17", "died: exit 3", ... */
void event_describe(const struct event *event, struct strb *text);

#endif
