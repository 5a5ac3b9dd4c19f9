/*
 * depend_place.h -- the place of a service among those that wait for one
 * another: what the graph is told of it, and what the graph says before each of
 * its steps.
 */
#ifndef ENGINE_DEPEND_PLACE_H
#define ENGINE_DEPEND_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/names.h"
#include "engine/service.h"
#include "loop/loop.h"
#include "service/graph.h"

/* What all places share. */
struct depend {
	struct graph *graph; /* owned; NULL until somebody takes part */
	struct loop *loop;
	struct loop_timer soon; /* set while answers are to be acted on */
	bool is_scanning;       /* not all names are known */
	/* Whether somebody else hosts a service of that name, and tells of it
	 * by depend_tell_of(). NULL: nobody does. */
	bool (*is_elsewhere)(void *owner, const char *name);
	void *owner;
};

/* What there is to tell of a service by itself. */
struct graph_facts depend_facts(const struct service *service);

struct depend_place {
	struct depend *depend;
	struct service *service;
	struct graph_node *node;
	struct names *directories[GRAPH_KIND_COUNT]; /* owned; or NULL */
	struct depend_place *next; /* of those that are asked to yield */
	int64_t deaths;            /* when it was last looked at */
	bool has_begun;            /* it took a step since it is hosted */
	bool was_wanted;           /* after the last one */
	bool must_pull;            /* what it takes along is yet to be told */
	bool is_told_up; /* and it got a command: no matter what has run */
	bool has_died;   /* since it was wanted or ready: it isn't waited for */
	bool is_yielding; /* what it needs is to end: it ends first, and waits
			   */
	bool is_stopping; /* an orderly stop */
};

/* One for a service that has none; `has_begun`: it is more than just opened.
 * NULL: memory is short. Who had its name until now gives that up. */
struct depend_place *depend_place_make(struct depend *depend,
				       struct service *service, bool has_begun);
void depend_place_free(struct depend_place *place);

/* There is no such directory any more. */
void depend_place_drop(struct depend_place *place, enum graph_kind kind);

static inline struct depend_place *
depend_place_of(const struct graph_node *node)
{
	return graph_owner(node);
}

bool depend_place_is_wanted(const struct depend_place *place);

/* How it stands. Also done after each of its steps. */
void depend_place_tell(struct depend_place *place);
/* As if it had taken a step: it was taken over as it is. */
void depend_place_adopt(struct depend_place *place);

/*
 * If it is to end: those that need it are told to end before it. Before anybody
 * else is looked at: none of them may be started meanwhile, though all that it
 * needs is ready yet. Not during a scan, when not all of them are known.
 */
void depend_place_clear_way(struct depend_place *place);

/* What the graph answers may be another: it is acted on soon. */
void depend_act_soon(struct depend *depend);

#endif
