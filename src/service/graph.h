/*
 * graph.h -- which service waits for which, decided without doing anything.
 *
 * Nodes are names, edges are what the directories dependencies.d, wants.d,
 * after.d and contents.d say. Its owner tells what it sees of each service;
 * the graph answers whether one may start and whether one may stop, and hands
 * back those whose answer has changed. What always holds:
 * - a service may start if and only if all that it needs is ready, and each
 *   that it wants or comes after is ready, has failed, isn't wanted up or
 *   doesn't exist;
 * - it may stop if and only if nothing runs that needs it, nor anything that
 *   is stopping and wants it or comes after it;
 * - a bundle stands for what it contains, and may be contained itself;
 * - within a cycle nothing starts first, and nothing waits for the other to
 *   stop; what is outside is as it would be without the cycle;
 * - a fact costs the edges of its node, an edge costs the like.
 * A service that has no edges and that nobody names needs no node.
 */
#ifndef SERVICE_GRAPH_H
#define SERVICE_GRAPH_H

#include <stdbool.h>

enum graph_kind {
	GRAPH_NEEDS,    /* dependencies.d */
	GRAPH_WANTS,    /* wants.d */
	GRAPH_AFTER,    /* after.d */
	GRAPH_CONTAINS, /* contents.d: of a bundle */
	GRAPH_KIND_COUNT
};

/* For functions that take several kinds at once. */
#define GRAPH_BIT(kind) (1U << (kind))

/* The name of the directory whose entries are edges of that kind. */
const char *graph_directory(enum graph_kind kind);

/* What its owner sees of a service. A bundle has no facts of its own. */
struct graph_facts {
	bool is_wanted;   /* up, or once */
	bool is_ready;    /* whoever needs it may start */
	bool is_settled;  /* it has failed: nobody should wait for it */
	bool is_running;  /* something would have to be stopped */
	bool is_stopping; /* it was told to end; it doesn't count as ready */
};

struct graph;
struct graph_node;

/* NULL with errno when memory is short. */
struct graph *graph_new(void);
void graph_free(struct graph *graph); /* NULL is fine */

/* The node of that name; NULL when there is none. */
struct graph_node *graph_find(const struct graph *graph, const char *name);

/*
 * Says that there is a service of that name: its node, made if need be, or
 * NULL with errno. `owner`, not NULL, is borrowed until graph_unbind().
 */
struct graph_node *graph_bind(struct graph *graph, const char *name,
			      void *owner);

/* The service is no more, nor are the edges that begin at it. The node is
 * the graph's again; the caller forgets it. */
void graph_unbind(struct graph *graph, struct graph_node *node);

/* What graph_bind() was given; NULL for a name that only others know. */
void *graph_owner(const struct graph_node *node);
/* Valid as long as the node. */
const char *graph_name(const struct graph_node *node);

/* Whether nodes exist that aren't bound: names that the owner may know. */
bool graph_has_unbound(const struct graph *graph);

/*
 * Says that `node` needs, wants, ... the service `name`; once is enough. 0, or
 * -1 with errno when memory is short, and then nothing has changed.
 */
int graph_add(struct graph *graph, struct graph_node *node,
	      enum graph_kind kind, const char *name);
/* That it doesn't. Nothing happens if it never did. */
void graph_remove(struct graph *graph, struct graph_node *node,
		  enum graph_kind kind, const char *name);

/*
 * Replacing all edges of one kind: graph_renew(), graph_add() for each that is
 * to be, graph_sweep(), which removes those that weren't added. Edges that stay
 * change nothing.
 */
void graph_renew(struct graph_node *node, enum graph_kind kind);
void graph_sweep(struct graph *graph, struct graph_node *node,
		 enum graph_kind kind);
bool graph_has_edges(const struct graph_node *node);

/* A bundle is a name for what it contains, which may be nothing. */
void graph_set_bundle(struct graph *graph, struct graph_node *node,
		      bool is_bundle);
bool graph_is_bundle(const struct graph_node *node);

void graph_tell(struct graph *graph, struct graph_node *node,
		const struct graph_facts *facts);

bool graph_may_start(const struct graph_node *node);
bool graph_may_stop(const struct graph_node *node);

/* The name of something that it waits for before it may start; NULL if it
 * may. Valid until the edges change. */
const char *graph_waits_for(const struct graph_node *node);
/* The name of something that must stop first; NULL if it may stop. */
const char *graph_is_held_by(const struct graph_node *node);

/*
 * A bound service whose answers may have changed since this function gave it
 * last; NULL when there is no more.
 */
struct graph_node *graph_next_changed(struct graph *graph);

/* Has that function give this one, too. */
void graph_touch(struct graph *graph, struct graph_node *node);
/* Whether it has one to give. */
bool graph_has_changed(const struct graph *graph);

/*
 * Calls `visit` for each bound service at the other end of the edges of these
 * kinds (GRAPH_BIT()s): those that it points to, or those that point to it.
 * For a bundle those it stands for. One may be visited twice. `visit` may tell
 * facts, but neither change edges nor visit from there.
 */
void graph_visit_targets(struct graph *graph, struct graph_node *node,
			 unsigned kinds,
			 void (*visit)(struct graph_node *node, void *with),
			 void *with);
void graph_visit_sources(struct graph *graph, struct graph_node *node,
			 unsigned kinds,
			 void (*visit)(struct graph_node *node, void *with),
			 void *with);

/* Who is told of trouble; texts are the graph's, and gone after the call. */
struct graph_report {
	/* `path`: "a -> b -> a", the shortest through its first name. */
	void (*on_cycle)(void *with, const char *path);
	void (*on_missing)(void *with, const char *name, const char *missing);
	void *with;
};

/*
 * Finds the cycles that changes have made or ended, and the services that need
 * what doesn't exist, and reports what it hasn't reported before. To be called
 * when a round of changes is complete. Costs the edges that can be reached from
 * what has changed.
 */
void graph_check(struct graph *graph, const struct graph_report *report);

/* Whether it is part of a cycle, as of the last graph_check(). */
bool graph_is_cyclic(const struct graph_node *node);

#endif
