/*
 * fuzz_graph.c -- any order of changes to a graph: bytes are what happens to
 * which of eight services. What holds of its answers, and that it ends.
 */
#include <string.h>

#include "fuzz.h"
#include "service/graph.h"

#define NODES 8

static const char *const names[NODES] = {"a", "b", "c", "d",
					 "e", "f", "g", "h"};

static void on_cycle(void *with, const char *path)
{
	size_t len = strlen(path);

	(void)with;
	MUST(len >= strlen("a -> a") && path[0] == path[len - 1]);
}

static void on_missing(void *with, const char *name, const char *missing)
{
	struct graph *graph = with;

	MUST(graph_owner(graph_find(graph, name)) != NULL);
	MUST(graph_owner(graph_find(graph, missing)) == NULL);
}

static void visit(struct graph_node *node, void *with)
{
	(void)with;
	MUST(graph_owner(node) != NULL && !graph_is_bundle(node));
}

static void tell(struct graph *graph, struct graph_node *node, unsigned bits)
{
	const struct graph_facts facts = {
		.is_wanted = bits & 1,
		.is_ready = bits >> 1 & 1,
		.is_settled = bits >> 2 & 1,
		.is_running = bits >> 3 & 1,
		.is_stopping = bits >> 4 & 1,
	};

	graph_tell(graph, node, &facts);
}

static void change(struct graph *graph, struct graph_node **node,
		   const char *name, const uint8_t bytes[2])
{
	enum graph_kind kind = (enum graph_kind)(bytes[0] >> 6);
	const char *other = names[bytes[1] % NODES];

	if (!*node) {
		*node = graph_bind(graph, name, graph);
		MUST(*node != NULL);
		return;
	}
	switch (bytes[0] >> 3 & 7) {
	case 0:
		graph_unbind(graph, *node);
		*node = NULL;
		break;
	case 1: graph_set_bundle(graph, *node, bytes[1] & 1); break;
	case 2: tell(graph, *node, bytes[1]); break;
	case 3: graph_remove(graph, *node, kind, other); break;
	case 4:
		graph_renew(*node, kind);
		MUST(graph_add(graph, *node, kind, other) == 0);
		graph_sweep(graph, *node, kind);
		break;
	case 5:
		graph_visit_targets(graph, *node, bytes[1], visit, NULL);
		graph_visit_sources(graph, *node, bytes[1], visit, NULL);
		break;
	default: MUST(graph_add(graph, *node, kind, other) == 0); break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct graph *graph = graph_new();
	const struct graph_report report = {on_cycle, on_missing, graph};
	struct graph_node *nodes[NODES] = {NULL};

	MUST(graph != NULL);
	for (size_t i = 0; i + 2 <= size; i += 2) {
		size_t which = data[i] & 7;
		struct graph_node *node;

		change(graph, &nodes[which], names[which], data + i);
		if (data[i + 1] & 128)
			graph_check(graph, &report);
		while ((data[i + 1] & 64) && (node = graph_next_changed(graph)))
			visit(node, NULL);
	}
	for (size_t i = 0; i < NODES; i++) {
		if (!nodes[i])
			continue;
		MUST(!graph_waits_for(nodes[i]) == graph_may_start(nodes[i]));
		MUST(!graph_is_held_by(nodes[i]) == graph_may_stop(nodes[i]));
		graph_unbind(graph, nodes[i]);
	}
	/* With its services gone, nothing is left of it. */
	graph_check(graph, &report);
	MUST(graph_next_changed(graph) == NULL);
	MUST(!graph_has_unbound(graph));
	graph_free(graph);
	return 0;
}
