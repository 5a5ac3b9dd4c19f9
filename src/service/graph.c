/* graph.c -- see graph.h. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "service/graph_parts.h"

const char *graph_directory(enum graph_kind kind)
{
	static const char *const names[GRAPH_KIND_COUNT] = {
		[GRAPH_NEEDS] = "dependencies.d",
		[GRAPH_WANTS] = "wants.d",
		[GRAPH_AFTER] = "after.d",
		[GRAPH_CONTAINS] = "contents.d",
	};

	return names[kind];
}

/* ---- lists ---- */

void graph_push(struct graph *graph, enum graph_list list,
		struct graph_node *node)
{
	struct graph_queue *queue = &graph->queues[list];

	if (node->listed & GRAPH_BIT(list))
		return;
	node->listed |= GRAPH_BIT(list);
	node->next[list] = NULL;
	if (queue->first)
		queue->last->next[list] = node;
	else
		queue->first = node;
	queue->last = node;
}

struct graph_node *graph_pop(struct graph *graph, enum graph_list list)
{
	struct graph_queue *queue = &graph->queues[list];
	struct graph_node *node = queue->first;

	if (!node)
		return NULL;
	queue->first = node->next[list];
	node->listed &= ~GRAPH_BIT(list);
	return node;
}

bool graph_meet(const struct graph *graph, struct graph_node *node)
{
	if (node->walk == graph->walk)
		return false;
	node->walk = graph->walk;
	return true;
}

/* ---- the table ---- */

static uint32_t hash_node(const struct lookup_link *link)
{
	return lookup_hash_text(((const struct graph_node *)link)->name);
}

static uint32_t hash_of_edge(const struct graph_node *from,
			     enum graph_kind kind, const struct graph_node *to)
{
	return lookup_hash_numbers((uintptr_t)from ^ kind, (uintptr_t)to);
}

static uint32_t hash_edge(const struct lookup_link *link)
{
	const struct graph_edge *edge = (const struct graph_edge *)link;

	return hash_of_edge(edge->from, (enum graph_kind)edge->kind, edge->to);
}

struct graph *graph_new(void)
{
	struct graph *graph = calloc(1, sizeof(struct graph));

	if (graph) {
		graph->nodes = lookup_by(hash_node);
		graph->edges = lookup_by(hash_edge);
	}
	return graph;
}

struct graph_node *graph_find(const struct graph *graph, const char *name)
{
	struct lookup_link *link =
		lookup_first(&graph->nodes, lookup_hash_text(name));

	while (link && strcmp(((struct graph_node *)link)->name, name) != 0)
		link = link->next;
	return (struct graph_node *)link;
}

static struct graph_node *find_or_make(struct graph *graph, const char *name)
{
	struct graph_node *node = graph_find(graph, name);
	size_t size = strlen(name) + 1;

	if (node)
		return node;
	node = calloc(1, sizeof(*node) + size);
	if (!node)
		return NULL;
	memcpy(node->name, name, size);
	lookup_add(&graph->nodes, &node->link);
	graph->unbound_count++;
	return node;
}

void graph_release(struct graph *graph, struct graph_node *node)
{
	if (node->owner || node->out || node->in || node->listed != 0)
		return;
	lookup_remove(&graph->nodes, &node->link);
	graph->unbound_count--;
	free(node);
}

static void free_all(struct lookup *lookup)
{
	for (size_t i = 0; i <= lookup->mask; i++) {
		struct lookup_link *link = lookup_bucket(lookup, i);

		while (link) {
			struct lookup_link *next = link->next;

			free(link); /* it stands first */
			link = next;
		}
	}
	lookup_end(lookup);
}

void graph_free(struct graph *graph)
{
	if (!graph)
		return;
	free_all(&graph->edges);
	free_all(&graph->nodes);
	free(graph);
}

/* ---- what follows from what ---- */

static bool is_ready(const struct graph_node *node)
{
	if (node->is_bundle)
		return node->owner && node->hard_count == 0;
	return node->facts.is_ready && !node->facts.is_stopping;
}

/* Whether those that only want it, or come after it, need wait no longer. */
static bool is_passable(const struct graph_node *node)
{
	if (node->is_bundle)
		return node->soft_count == 0;
	return !node->facts.is_wanted || node->facts.is_settled ||
	       is_ready(node);
}

static bool is_within_cycle(const struct graph_edge *edge)
{
	return edge->from == edge->to ||
	       (edge->from->component != 0 &&
		edge->from->component == edge->to->component);
}

static bool is_holding(const struct graph_edge *edge)
{
	const struct graph_node *from = edge->from;

	if (is_within_cycle(edge))
		return false;
	if (edge->kind == GRAPH_CONTAINS)
		return from->hold_count != 0;
	if (from->is_bundle)
		return false; /* it never runs */
	return from->facts.is_running &&
	       (edge->kind == GRAPH_NEEDS || from->facts.is_stopping);
}

/* Its answers may have changed: a bundle passes that on. */
static void touch(struct graph *graph, struct graph_node *node)
{
	graph_push(graph, node->is_bundle ? GRAPH_WORK : GRAPH_CHANGED, node);
}

/* True: the answer that the count stands for is another one now. */
static bool count(unsigned *count, bool *flag, bool is_set)
{
	if (*flag == is_set)
		return false;
	*flag = is_set;
	*count += is_set ? 1U : (unsigned)-1;
	return *count == (is_set ? 1U : 0U);
}

static void refresh_edge(struct graph *graph, struct graph_edge *edge)
{
	struct graph_node *from = edge->from, *to = edge->to;
	bool is_hard =
		edge->kind == GRAPH_NEEDS || edge->kind == GRAPH_CONTAINS;
	bool is_soft = edge->kind != GRAPH_NEEDS;
	bool starts, stops, was_shut;

	was_shut = edge->is_hard_shut || edge->is_soft_shut;
	starts = count(&from->hard_count, &edge->is_hard_shut,
		       is_hard && !is_ready(to));
	starts |= count(&from->soft_count, &edge->is_soft_shut,
			is_soft && !is_passable(to));
	stops = count(&to->hold_count, &edge->is_holding, is_holding(edge));
	/* Another may be what it waits for now. */
	starts |= !from->is_bundle &&
		  was_shut != (edge->is_hard_shut || edge->is_soft_shut);
	if (starts)
		touch(graph, from);
	if (stops)
		touch(graph, to);
}

void graph_settle(struct graph *graph)
{
	struct graph_node *node;

	while ((node = graph_pop(graph, GRAPH_WORK))) {
		struct graph_edge *edge;

		for (edge = node->in; edge; edge = edge->next_in)
			refresh_edge(graph, edge);
		for (edge = node->out; edge; edge = edge->next_out)
			refresh_edge(graph, edge);
	}
}

/* Looks at a node's edges again after something about it changed. */
static void renew_node(struct graph *graph, struct graph_node *node)
{
	graph_push(graph, GRAPH_WORK, node);
	graph_settle(graph);
}

/* Who needs it has something to say when it goes, or comes and goes again. */
static void recheck_sources(struct graph *graph, struct graph_node *node)
{
	for (struct graph_edge *edge = node->in; edge; edge = edge->next_in) {
		edge->is_said = false;
		graph_push(graph, GRAPH_DIRTY, edge->from);
	}
}

/* ---- edges ---- */

static struct graph_edge *find_edge(const struct graph *graph,
				    const struct graph_node *from,
				    enum graph_kind kind,
				    const struct graph_node *to)
{
	struct lookup_link *link =
		lookup_first(&graph->edges, hash_of_edge(from, kind, to));

	for (; link; link = link->next) {
		struct graph_edge *edge = (struct graph_edge *)link;

		if (edge->from == from && edge->to == to && edge->kind == kind)
			return edge;
	}
	return NULL;
}

/* At the front of the lists of its two ends, and where it is found. */
static void link_edge(struct graph *graph, struct graph_edge *edge)
{
	struct graph_node *from = edge->from, *to = edge->to;

	edge->next_out = from->out;
	edge->out_link = &from->out;
	if (from->out)
		from->out->out_link = &edge->next_out;
	from->out = edge;
	edge->next_in = to->in;
	edge->in_link = &to->in;
	if (to->in)
		to->in->in_link = &edge->next_in;
	to->in = edge;
	lookup_add(&graph->edges, &edge->link);
}

static void unlink_edge(struct graph *graph, struct graph_edge *edge)
{
	*edge->out_link = edge->next_out;
	if (edge->next_out)
		edge->next_out->out_link = edge->out_link;
	*edge->in_link = edge->next_in;
	if (edge->next_in)
		edge->next_in->in_link = edge->in_link;
	lookup_remove(&graph->edges, &edge->link);
}

int graph_add(struct graph *graph, struct graph_node *node,
	      enum graph_kind kind, const char *name)
{
	struct graph_node *to = find_or_make(graph, name);
	struct graph_edge *edge;

	if (!to)
		return -1;
	edge = find_edge(graph, node, kind, to);
	if (edge) {
		edge->is_stale = false;
		return 0;
	}
	edge = calloc(1, sizeof(*edge));
	if (!edge) {
		graph_release(graph, to);
		return -1;
	}
	edge->from = node;
	edge->to = to;
	edge->kind = (unsigned char)kind;
	link_edge(graph, edge);
	graph_push(graph, GRAPH_DIRTY, node);
	refresh_edge(graph, edge);
	graph_settle(graph);
	return 0;
}

/* Frees it; its effects are taken back. The other end may go as well. */
static void remove_edge(struct graph *graph, struct graph_edge *edge)
{
	struct graph_node *from = edge->from, *to = edge->to;

	if (is_within_cycle(edge))
		graph->has_lost_cyclic = true;
	unlink_edge(graph, edge);
	if (count(&from->hard_count, &edge->is_hard_shut, false))
		touch(graph, from);
	if (count(&from->soft_count, &edge->is_soft_shut, false))
		touch(graph, from);
	if (count(&to->hold_count, &edge->is_holding, false))
		touch(graph, to);
	free(edge);
	graph_settle(graph);
	if (to != from)
		graph_release(graph, to);
}

void graph_remove(struct graph *graph, struct graph_node *node,
		  enum graph_kind kind, const char *name)
{
	const struct graph_node *to = graph_find(graph, name);
	struct graph_edge *edge = to ? find_edge(graph, node, kind, to) : NULL;

	if (edge)
		remove_edge(graph, edge);
}

void graph_renew(struct graph_node *node, enum graph_kind kind)
{
	struct graph_edge *edge;

	for (edge = node->out; edge; edge = edge->next_out)
		edge->is_stale = edge->kind == kind;
}

void graph_sweep(struct graph *graph, struct graph_node *node,
		 enum graph_kind kind)
{
	struct graph_edge *edge = node->out;

	while (edge) {
		struct graph_edge *next = edge->next_out;

		if (edge->is_stale && edge->kind == kind)
			remove_edge(graph, edge);
		edge = next;
	}
}

bool graph_has_edges(const struct graph_node *node)
{
	return node->out || node->in;
}

/* ---- services ---- */

struct graph_node *graph_bind(struct graph *graph, const char *name,
			      void *owner)
{
	struct graph_node *node = find_or_make(graph, name);

	if (!node)
		return NULL;
	if (!node->owner)
		graph->unbound_count--;
	node->owner = owner;
	renew_node(graph, node);
	recheck_sources(graph, node);
	graph_push(graph, GRAPH_CHANGED, node);
	return node;
}

void graph_unbind(struct graph *graph, struct graph_node *node)
{
	for (struct graph_edge *edge = node->out, *next; edge; edge = next) {
		next = edge->next_out;
		remove_edge(graph, edge);
	}
	if (node->owner)
		graph->unbound_count++;
	node->owner = NULL;
	node->is_bundle = false;
	node->facts = (struct graph_facts){0};
	renew_node(graph, node);
	recheck_sources(graph, node);
	graph_release(graph, node);
}

void *graph_owner(const struct graph_node *node)
{
	return node->owner;
}

const char *graph_name(const struct graph_node *node)
{
	return node->name;
}

bool graph_has_unbound(const struct graph *graph)
{
	return graph->unbound_count != 0;
}

void graph_set_bundle(struct graph *graph, struct graph_node *node,
		      bool is_bundle)
{
	if (node->is_bundle == is_bundle)
		return;
	node->is_bundle = is_bundle;
	renew_node(graph, node);
}

bool graph_is_bundle(const struct graph_node *node)
{
	return node->is_bundle;
}

void graph_tell(struct graph *graph, struct graph_node *node,
		const struct graph_facts *facts)
{
	bool was_ready = is_ready(node), was_passable = is_passable(node);
	struct graph_facts old = node->facts;
	struct graph_edge *edge;

	node->facts = *facts;
	if (is_ready(node) != was_ready || is_passable(node) != was_passable) {
		for (edge = node->in; edge; edge = edge->next_in)
			refresh_edge(graph, edge);
	}
	if (old.is_running != facts->is_running ||
	    old.is_stopping != facts->is_stopping) {
		for (edge = node->out; edge; edge = edge->next_out)
			refresh_edge(graph, edge);
	}
	graph_settle(graph);
}

/* ---- answers ---- */

bool graph_may_start(const struct graph_node *node)
{
	return node->hard_count == 0 && node->soft_count == 0;
}

bool graph_may_stop(const struct graph_node *node)
{
	return node->hold_count == 0;
}

const char *graph_waits_for(const struct graph_node *node)
{
	const struct graph_edge *edge = node->out;

	while (edge && !edge->is_hard_shut && !edge->is_soft_shut)
		edge = edge->next_out;
	return edge ? edge->to->name : NULL;
}

const char *graph_is_held_by(const struct graph_node *node)
{
	const struct graph_edge *edge = node->in;

	while (edge && !edge->is_holding)
		edge = edge->next_in;
	return edge ? edge->from->name : NULL;
}

struct graph_node *graph_next_changed(struct graph *graph)
{
	struct graph_node *node;

	while ((node = graph_pop(graph, GRAPH_CHANGED))) {
		if (node->owner && !node->is_bundle)
			return node;
		graph_release(graph, node);
	}
	return NULL;
}

void graph_touch(struct graph *graph, struct graph_node *node)
{
	graph_push(graph, GRAPH_CHANGED, node);
}

bool graph_has_changed(const struct graph *graph)
{
	return graph->queues[GRAPH_CHANGED].first != NULL;
}

/* ---- neighbours ---- */

/* A bundle is walked through, once. */
static void meet_neighbour(struct graph *graph, struct graph_node *node,
			   void (*visit)(struct graph_node *node, void *with),
			   void *with)
{
	if (!node->owner)
		return;
	if (!node->is_bundle)
		visit(node, with);
	else if (graph_meet(graph, node))
		graph_push(graph, GRAPH_WALK, node);
}

void graph_visit_targets(struct graph *graph, struct graph_node *node,
			 unsigned kinds,
			 void (*visit)(struct graph_node *node, void *with),
			 void *with)
{
	graph->walk++;
	while (node) {
		struct graph_edge *edge;

		for (edge = node->out; edge; edge = edge->next_out) {
			if (kinds & GRAPH_BIT(edge->kind))
				meet_neighbour(graph, edge->to, visit, with);
		}
		kinds = GRAPH_BIT(GRAPH_CONTAINS);
		node = graph_pop(graph, GRAPH_WALK);
	}
}

/* Those that point to a bundle of which it is part point to it. */
void graph_visit_sources(struct graph *graph, struct graph_node *node,
			 unsigned kinds,
			 void (*visit)(struct graph_node *node, void *with),
			 void *with)
{
	graph->walk++;
	for (; node; node = graph_pop(graph, GRAPH_WALK)) {
		struct graph_edge *edge;

		for (edge = node->in; edge; edge = edge->next_in) {
			if (edge->kind == GRAPH_CONTAINS) {
				if (graph_meet(graph, edge->from))
					graph_push(graph, GRAPH_WALK,
						   edge->from);
			} else if ((kinds & GRAPH_BIT(edge->kind)) &&
				   edge->from->owner &&
				   !edge->from->is_bundle) {
				visit(edge->from, with);
			}
		}
	}
}
