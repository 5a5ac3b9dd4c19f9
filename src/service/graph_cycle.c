/*
 * graph_cycle.c -- cycles and missing names: see graph_check() in graph.h.
 *
 * Tarjan's algorithm ("Depth-first search and linear graph algorithms", 1972)
 * from the nodes that changed, with the nodes as its stack: a chain of services
 * may be long.
 */
#include <string.h>

#include "base/strb.h"
#include "service/graph_parts.h"

#define PATH_BYTES 1024 /* what a message has room for */

struct search {
	struct graph *graph;
	const struct graph_report *report;
	unsigned index;
	struct graph_node *stack; /* by `below` */
};

/* ---- telling of a cycle ---- */

/* The shortest way from `first` back to it; returns the last before it. */
static struct graph_node *find_way_back(struct graph *graph,
					struct graph_node *first)
{
	struct graph_node *node = first, *last = NULL;
	struct graph_edge *edge;

	first->index = 1; /* met; the members' are 0 */
	first->parent = NULL;
	for (; node; node = graph_pop(graph, GRAPH_WALK)) {
		for (edge = last ? NULL : node->out; edge;
		     edge = edge->next_out) {
			struct graph_node *to = edge->to;

			if (to == first && !last)
				last = node;
			if (to->component != first->component || to->index != 0)
				continue;
			to->index = 1;
			to->parent = node;
			graph_push(graph, GRAPH_WALK, to);
		}
	}
	return last;
}

static void report_cycle(struct search *search, struct graph_node *first)
{
	struct graph_node *node, *after = NULL;
	char room[PATH_BYTES];
	struct strb path = strb_on(room, sizeof(room));

	/* Parents lead back to `first`: turn them round. */
	for (node = find_way_back(search->graph, first); node;
	     node = node->parent) {
		node->below = after;
		after = node;
	}
	for (node = after; node; node = node->below)
		strb_add_format(&path, "%s -> ", node->name);
	strb_add(&path, first->name);
	if (path.is_cut)
		memcpy(room + sizeof(room) - sizeof("..."), "...",
		       sizeof("..."));
	search->report->on_cycle(search->report->with, room);
}

/* ---- finding cycles ---- */

static bool has_edge_to_itself(const struct graph_node *node)
{
	const struct graph_edge *edge = node->out;

	while (edge && edge->to != node)
		edge = edge->next_out;
	return edge != NULL;
}

static void set_component(struct graph *graph, struct graph_node *node,
			  unsigned component)
{
	if (node->component == component)
		return;
	node->component = component;
	if (component == 0)
		node->is_cycle_said = false;
	graph_push(graph, GRAPH_WORK, node); /* who holds whom */
}

/* All nodes on the stack down to `root` can reach each other. */
static void close_component(struct search *search, struct graph_node *root)
{
	bool is_cycle = search->stack != root || has_edge_to_itself(root);
	unsigned component = is_cycle ? ++search->graph->next_component : 0;
	struct graph_node *node, *first = root;
	bool is_new = false;

	do {
		node = search->stack;
		search->stack = node->below;
		node->is_open = false;
		node->index = 0;
		set_component(search->graph, node, component);
		if (is_cycle && !node->is_cycle_said)
			is_new = node->is_cycle_said = true;
		if (strcmp(node->name, first->name) < 0)
			first = node;
	} while (node != root);
	if (is_new)
		report_cycle(search, first);
}

static void enter(struct search *search, struct graph_node *node,
		  struct graph_node *parent)
{
	node->index = node->low = ++search->index;
	node->edge = node->out;
	node->is_open = true;
	node->parent = parent;
	node->below = search->stack;
	search->stack = node;
}

static void lower(struct graph_node *node, unsigned low)
{
	if (node && low < node->low)
		node->low = low;
}

static void search_from(struct search *search, struct graph_node *node)
{
	enter(search, node, NULL);
	while (node) {
		struct graph_edge *edge = node->edge;
		struct graph_node *parent = node->parent;
		unsigned low = node->low;

		if (!edge) {
			if (low == node->index)
				close_component(search, node);
			lower(parent, low);
			node = parent;
			continue;
		}
		node->edge = edge->next_out;
		if (graph_meet(search->graph, edge->to)) {
			enter(search, edge->to, node);
			node = edge->to;
		} else if (edge->to->is_open) {
			lower(node, edge->to->index);
		}
	}
}

/* ---- all of it ---- */

static void report_missing(const struct graph_report *report,
			   struct graph_node *node)
{
	for (struct graph_edge *edge = node->out; edge; edge = edge->next_out) {
		if (edge->to->owner || edge->is_said ||
		    edge->kind == GRAPH_WANTS || edge->kind == GRAPH_AFTER)
			continue;
		edge->is_said = true;
		report->on_missing(report->with, node->name, edge->to->name);
	}
}

/* What was in a cycle is looked at again: it may be in none now. */
static void recheck_cycles(struct graph *graph)
{
	for (size_t i = 0; i <= graph->nodes.mask; i++) {
		struct lookup_link *link = lookup_bucket(&graph->nodes, i);

		for (; link; link = link->next) {
			struct graph_node *node = (struct graph_node *)link;

			if (node->component != 0)
				graph_push(graph, GRAPH_DIRTY, node);
		}
	}
	graph->has_lost_cyclic = false;
}

void graph_check(struct graph *graph, const struct graph_report *report)
{
	struct search search = {.graph = graph, .report = report};
	struct graph_node *node;

	if (graph->has_lost_cyclic)
		recheck_cycles(graph);
	graph->walk++;
	while ((node = graph_pop(graph, GRAPH_DIRTY))) {
		if (graph_meet(graph, node))
			search_from(&search, node);
		report_missing(report, node);
		/* Not freed while an edge has to be looked at. */
		graph_settle(graph);
		graph_release(graph, node);
	}
}

bool graph_is_cyclic(const struct graph_node *node)
{
	return node->component != 0;
}
