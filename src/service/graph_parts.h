/*
 * graph_parts.h -- what the files of the graph share; nobody else includes it.
 *
 * What an edge does to its two ends is kept with the edge and counted at the
 * ends, so that an answer is a comparison with 0. refresh_edge() alone changes
 * the three, and always together.
 */
#ifndef SERVICE_GRAPH_PARTS_H
#define SERVICE_GRAPH_PARTS_H

#include "base/lookup.h"
#include "service/graph.h"

struct graph_edge {
	struct lookup_link link; /* by its ends and kind; stands first */
	struct graph_node *from, *to;
	struct graph_edge *next_out, **out_link; /* of from's */
	struct graph_edge *next_in, **in_link;   /* of to's */
	unsigned char kind;                      /* enum graph_kind */
	bool is_stale;                           /* see graph_renew() */
	bool is_hard_shut; /* `to` isn't ready, which it must be */
	bool is_soft_shut; /* `to` may still become ready */
	bool is_holding;   /* `to` may not stop because of `from` */
	bool is_said;      /* that `to` is missing */
};

/* Lists that a node can stand in, each at most once. */
enum graph_list {
	GRAPH_WORK,    /* edges are to be looked at again */
	GRAPH_CHANGED, /* for graph_next_changed() */
	GRAPH_DIRTY,   /* for graph_check() */
	GRAPH_WALK,    /* for the length of a call */
	GRAPH_LIST_COUNT
};

struct graph_node {
	struct lookup_link link; /* by its name; stands first */
	void *owner;             /* borrowed; NULL: not bound */
	struct graph_edge *out, *in;
	struct graph_node *next[GRAPH_LIST_COUNT];
	unsigned listed; /* GRAPH_BIT()s of the lists that it stands in */
	unsigned hard_count, soft_count, hold_count;
	unsigned component; /* of which cycle it is part; 0: none */
	struct graph_facts facts;
	bool is_bundle;
	bool is_cycle_said;
	/* Tarjan's, during graph_check(). */
	unsigned walk; /* the number of the last walk that met it */
	unsigned index, low;
	bool is_open; /* on Tarjan's stack */
	struct graph_edge *edge;
	struct graph_node *parent, *below;
	char name[];
};

struct graph_queue {
	struct graph_node *first, *last;
};

struct graph {
	struct lookup nodes, edges;
	struct graph_queue queues[GRAPH_LIST_COUNT];
	unsigned unbound_count;
	unsigned walk;           /* counts walks */
	unsigned next_component; /* ids are never used twice */
	bool has_lost_cyclic;    /* an edge within a cycle was removed */
};

/* Puts the node at the end of a list, unless it stands there. */
void graph_push(struct graph *graph, enum graph_list list,
		struct graph_node *node);
/* Takes the first; NULL when there is none. */
struct graph_node *graph_pop(struct graph *graph, enum graph_list list);
/* Frees the node if nothing knows of it any more. */
void graph_release(struct graph *graph, struct graph_node *node);
/* Looks at the edges of all nodes of GRAPH_WORK, and what follows. */
void graph_settle(struct graph *graph);
/* True the first time in the current walk, graph->walk. */
bool graph_meet(const struct graph *graph, struct graph_node *node);

#endif
