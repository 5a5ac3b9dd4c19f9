/*
 * event.h -- s6's "event": a directory of FIFOs, one of each listener, that are
 * told in letters what becomes of a service. Served while it exists, in any
 * service directory; never made here.
 *
 *	s  supervision begins     x  and ends
 *	u  "run" has started      U  it is ready
 *	d  "run" has ended        D  so has "finish", if there is one
 *	O  it isn't started again: it failed for good; before D
 *
 * Never blocks: who doesn't read loses letters, and a FIFO that nobody reads is
 * removed. Only FIFOs with names as listeners make them are written to, never
 * through a link.
 * Source: s6's fifodir and s6-supervise pages; the names that Debian's
 * s6-ftrig-wait 2.11 makes.
 */
#ifndef ENGINE_EVENT_H
#define ENGINE_EVENT_H

#include "engine/site.h"
#include "service/machine.h"

/* What an end is called, until it is on record. */
struct events {
	char due[4];
};

/* Tells it at once. */
void event_tell(const struct site *site, const char *letters);

/* Notes what the end of that phase's script is called; event_flush() tells
 * it, when it is on record. */
void event_note_end(struct events *events, const struct site *site,
		    enum machine_phase phase, bool has_failed);
void event_flush(struct events *events, const struct site *site);

#endif
