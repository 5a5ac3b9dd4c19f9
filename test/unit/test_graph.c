/*
 * test_graph.c -- the graph against a model that works everything out anew:
 * all small graphs, random larger ones; and what is said of trouble.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "random.h"
#include "service/graph.h"

#define NODES_MOST 12
#define KINDS      GRAPH_KIND_COUNT

static const char *const names[NODES_MOST] = {"a", "b", "c", "d", "e", "f",
					      "g", "h", "i", "j", "k", "l"};

/* ---- the model ---- */

struct model {
	int count;
	bool exists[NODES_MOST], is_bundle[NODES_MOST];
	bool edge[KINDS][NODES_MOST][NODES_MOST];
	struct graph_facts facts[NODES_MOST];
	bool reaches[NODES_MOST][NODES_MOST];
};

static void model_close(struct model *model)
{
	int n = model->count;

	for (int i = 0; i < n; i++) {
		for (int j = 0; j < n; j++) {
			model->reaches[i][j] = false;
			for (int kind = 0; kind < KINDS; kind++)
				model->reaches[i][j] |= model->edge[kind][i][j];
		}
	}
	for (int k = 0; k < n; k++) {
		for (int i = 0; i < n; i++) {
			for (int j = 0; model->reaches[i][k] && j < n; j++)
				model->reaches[i][j] |= model->reaches[k][j];
		}
	}
}

/* Bundles point to later nodes only, in these tests: no endless recursion. */
static bool model_is_ready(const struct model *model, int i)
{
	if (!model->is_bundle[i])
		return model->facts[i].is_ready && !model->facts[i].is_stopping;
	for (int j = 0; j < model->count; j++) {
		if ((model->edge[GRAPH_NEEDS][i][j] ||
		     model->edge[GRAPH_CONTAINS][i][j]) &&
		    !model_is_ready(model, j))
			return false;
	}
	return model->exists[i];
}

static bool model_is_passable(const struct model *model, int i)
{
	const struct graph_facts *facts = &model->facts[i];

	if (!model->is_bundle[i])
		return !facts->is_wanted || facts->is_settled ||
		       (facts->is_ready && !facts->is_stopping);
	for (int j = 0; j < model->count; j++) {
		if ((model->edge[GRAPH_WANTS][i][j] ||
		     model->edge[GRAPH_AFTER][i][j] ||
		     model->edge[GRAPH_CONTAINS][i][j]) &&
		    !model_is_passable(model, j))
			return false;
	}
	return true;
}

static bool model_may_start(const struct model *model, int i)
{
	for (int j = 0; j < model->count; j++) {
		if ((model->edge[GRAPH_NEEDS][i][j] ||
		     model->edge[GRAPH_CONTAINS][i][j]) &&
		    !model_is_ready(model, j))
			return false;
		if ((model->edge[GRAPH_WANTS][i][j] ||
		     model->edge[GRAPH_AFTER][i][j] ||
		     model->edge[GRAPH_CONTAINS][i][j]) &&
		    !model_is_passable(model, j))
			return false;
	}
	return true;
}

static bool model_may_stop(const struct model *model, int i)
{
	for (int j = 0; j < model->count; j++) {
		const struct graph_facts *facts = &model->facts[j];

		if (i == j || (model->reaches[i][j] && model->reaches[j][i]))
			continue;
		if (model->edge[GRAPH_CONTAINS][j][i] &&
		    !model_may_stop(model, j))
			return false;
		if (model->is_bundle[j] || !facts->is_running)
			continue;
		if (model->edge[GRAPH_NEEDS][j][i])
			return false;
		if (facts->is_stopping && (model->edge[GRAPH_WANTS][j][i] ||
					   model->edge[GRAPH_AFTER][j][i]))
			return false;
	}
	return true;
}

/* ---- both side by side ---- */

struct pair {
	struct model model;
	struct graph *graph;
	struct graph_node *nodes[NODES_MOST]; /* NULL: not bound */
	bool may_start[NODES_MOST], may_stop[NODES_MOST];
	int cycles, missing;
	char said[2048];
};

static int index_of(const char *name)
{
	return name[0] - 'a';
}

static void check_path(void *with, const char *path)
{
	struct pair *pair = with;
	size_t len = strlen(path);

	assert_true(len % 5 == 1 && len > 5); /* one-letter names */
	assert_int_equal(path[0], path[len - 1]);
	for (size_t i = 0; i + 5 < len; i += 5) {
		int from = index_of(path + i), to = index_of(path + i + 5);
		bool has_edge = false;

		assert_memory_equal(path + i + 1, " -> ", 4);
		for (int kind = 0; kind < KINDS; kind++)
			has_edge |= pair->model.edge[kind][from][to];
		assert_true(has_edge);
	}
	pair->cycles++;
	snprintf(pair->said, sizeof(pair->said), "%s", path);
}

static void check_missing(void *with, const char *name, const char *missing)
{
	struct pair *pair = with;
	int from = index_of(name), to = index_of(missing);

	assert_true(pair->model.edge[GRAPH_NEEDS][from][to] ||
		    pair->model.edge[GRAPH_CONTAINS][from][to]);
	assert_false(pair->model.exists[to]);
	pair->missing++;
	snprintf(pair->said, sizeof(pair->said), "%s needs %s", name, missing);
}

static void check(struct pair *pair)
{
	const struct graph_report report = {check_path, check_missing, pair};

	graph_check(pair->graph, &report);
}

static void begin(struct pair *pair, int count)
{
	memset(pair, 0, sizeof(*pair));
	pair->model.count = count;
	pair->graph = graph_new();
	assert_non_null(pair->graph);
	for (int i = 0; i < NODES_MOST; i++)
		pair->may_start[i] = pair->may_stop[i] = true;
}

static void bind(struct pair *pair, int i)
{
	static int owners[NODES_MOST];

	pair->nodes[i] = graph_bind(pair->graph, names[i], &owners[i]);
	assert_non_null(pair->nodes[i]);
	assert_ptr_equal(graph_owner(pair->nodes[i]), &owners[i]);
	pair->model.exists[i] = true;
}

static void unbind(struct pair *pair, int i)
{
	graph_unbind(pair->graph, pair->nodes[i]);
	pair->nodes[i] = NULL;
	pair->model.exists[i] = pair->model.is_bundle[i] = false;
	pair->model.facts[i] = (struct graph_facts){0};
	for (int kind = 0; kind < KINDS; kind++)
		memset(pair->model.edge[kind][i], 0,
		       sizeof(pair->model.edge[kind][i]));
}

static void begin_bound(struct pair *pair, int count)
{
	begin(pair, count);
	for (int i = 0; i < count; i++)
		bind(pair, i);
}

static void end(struct pair *pair)
{
	graph_free(pair->graph);
}

static void add(struct pair *pair, int from, enum graph_kind kind, int to)
{
	assert_int_equal(
		0, graph_add(pair->graph, pair->nodes[from], kind, names[to]));
	pair->model.edge[kind][from][to] = true;
}

static void take(struct pair *pair, int from, enum graph_kind kind, int to)
{
	graph_remove(pair->graph, pair->nodes[from], kind, names[to]);
	pair->model.edge[kind][from][to] = false;
}

static void tell(struct pair *pair, int i, struct graph_facts facts)
{
	pair->model.facts[i] = facts;
	graph_tell(pair->graph, pair->nodes[i], &facts);
}

static void compare_node(const struct pair *pair, int i)
{
	const struct graph_node *node = pair->nodes[i];
	const struct model *model = &pair->model;

	assert_int_equal(graph_may_start(node), model_may_start(model, i));
	assert_int_equal(graph_waits_for(node) == NULL, graph_may_start(node));
	assert_int_equal(graph_may_stop(node), model_may_stop(model, i));
	assert_int_equal(graph_is_held_by(node) == NULL, graph_may_stop(node));
	assert_int_equal(graph_is_cyclic(node), model->reaches[i][i]);
	assert_string_equal(graph_name(node), names[i]);
}

/* The answers are the model's, and whose has changed was handed out. */
static void compare(struct pair *pair)
{
	bool is_given[NODES_MOST] = {false};
	struct graph_node *node;

	model_close(&pair->model);
	while ((node = graph_next_changed(pair->graph)))
		is_given[index_of(graph_name(node))] = true;
	for (int i = 0; i < pair->model.count; i++) {
		bool may_start, may_stop;

		if (!pair->nodes[i])
			continue;
		compare_node(pair, i);
		may_start = graph_may_start(pair->nodes[i]);
		may_stop = graph_may_stop(pair->nodes[i]);
		if (!pair->model.is_bundle[i] &&
		    (may_start != pair->may_start[i] ||
		     may_stop != pair->may_stop[i]))
			assert_true(is_given[i]);
		pair->may_start[i] = may_start;
		pair->may_stop[i] = may_stop;
	}
}

/* ---- every small graph ---- */

/* The situations that a service can be in, as a supervisor sees them. */
static const struct graph_facts situations[] = {
	{0},                                     /* down */
	{.is_wanted = true},                     /* waiting */
	{.is_wanted = true, .is_running = true}, /* starting */
	{.is_wanted = true, .is_ready = true, .is_running = true},
	{.is_wanted = true, .is_settled = true}, /* failed */
	{.is_running = true, .is_ready = true, .is_stopping = true},
};
#define SITUATIONS (sizeof(situations) / sizeof(situations[0]))

static void all_graphs_of_three_in_all_situations(void **unused)
{
	(void)unused;
	for (unsigned code = 0; code < 4096; code++) { /* 4 to the 6th */
		unsigned rest = code;
		struct pair pair;

		begin_bound(&pair, 3);
		for (int edge = 0; edge < 6; edge++, rest /= 4) {
			if (rest % 4 != 0)
				add(&pair, edge / 2,
				    (enum graph_kind)(rest % 4 - 1),
				    (edge / 2 + 1 + edge % 2) % 3);
		}
		check(&pair);
		for (size_t i = 0; i < SITUATIONS * SITUATIONS * SITUATIONS;
		     i++) {
			tell(&pair, 0, situations[i % SITUATIONS]);
			tell(&pair, 1, situations[i / SITUATIONS % SITUATIONS]);
			tell(&pair, 2, situations[i / SITUATIONS / SITUATIONS]);
			compare(&pair);
		}
		end(&pair);
	}
}

/* Also those with edges from a node to itself: 2 to the 16th. */
static void all_graphs_of_four(void **unused)
{
	uint32_t seed = 1;

	(void)unused;
	for (unsigned code = 0; code < 65536; code++) {
		struct pair pair;
		bool has_cycle = false;

		begin_bound(&pair, 4);
		for (int edge = 0; edge < 16; edge++) {
			if (code >> edge & 1)
				add(&pair, edge / 4,
				    (enum graph_kind)(next_random(&seed) % 3),
				    edge % 4);
		}
		check(&pair);
		compare(&pair);
		for (int i = 0; i < 4; i++) {
			tell(&pair, i,
			     situations[next_random(&seed) % SITUATIONS]);
			compare(&pair);
			has_cycle |= pair.model.reaches[i][i];
		}
		assert_int_equal(pair.cycles != 0, has_cycle);
		/* Said once. */
		pair.cycles = 0;
		check(&pair);
		assert_int_equal(pair.cycles, 0);
		end(&pair);
	}
}

/* ---- random changes of larger ones ---- */

static bool is_sensible(const struct model *model, int from, int to,
			enum graph_kind kind)
{
	if (kind == GRAPH_CONTAINS && !model->is_bundle[from])
		return false;
	return !model->is_bundle[from] || from < to;
}

static void change_at_random(struct pair *pair, uint32_t *seed)
{
	struct model *model = &pair->model;
	int from = (int)(next_random(seed) % (unsigned)model->count);
	int to = (int)(next_random(seed) % (unsigned)model->count);
	enum graph_kind kind = (enum graph_kind)(next_random(seed) % KINDS);
	unsigned choice = next_random(seed) % 16;

	if (!model->exists[from]) {
		bind(pair, from);
		if (choice < 4) {
			model->is_bundle[from] = true;
			graph_set_bundle(pair->graph, pair->nodes[from], true);
		}
	} else if (choice == 0) {
		unbind(pair, from);
	} else if (choice < 6 && !model->is_bundle[from]) {
		tell(pair, from, situations[next_random(seed) % SITUATIONS]);
	} else if (choice < 11) {
		take(pair, from, kind, to);
	} else if (is_sensible(model, from, to, kind)) {
		add(pair, from, kind, to);
	}
}

static void random_changes_keep_the_answers_right(void **unused)
{
	uint32_t seed = 7;

	(void)unused;
	for (int count = 4; count <= NODES_MOST; count += 2) {
		struct pair pair;

		begin(&pair, count);
		for (int i = 0; i < 20000; i++) {
			change_at_random(&pair, &seed);
			check(&pair);
			compare(&pair);
		}
		end(&pair);
	}
}

/* ---- replacing ---- */

static void edges_that_stay_change_nothing(void **unused)
{
	struct pair pair;

	(void)unused;
	begin_bound(&pair, 4);
	add(&pair, 0, GRAPH_NEEDS, 1);
	add(&pair, 0, GRAPH_NEEDS, 2);
	add(&pair, 0, GRAPH_AFTER, 2);
	tell(&pair, 1, situations[3]);
	check(&pair);
	compare(&pair);
	graph_renew(pair.nodes[0], GRAPH_NEEDS);
	add(&pair, 0, GRAPH_NEEDS, 1);
	add(&pair, 0, GRAPH_NEEDS, 3);
	graph_sweep(pair.graph, pair.nodes[0], GRAPH_NEEDS);
	pair.model.edge[GRAPH_NEEDS][0][2] = false;
	compare(&pair);
	graph_renew(pair.nodes[0], GRAPH_NEEDS);
	add(&pair, 0, GRAPH_NEEDS, 1);
	graph_sweep(pair.graph, pair.nodes[0], GRAPH_NEEDS);
	pair.model.edge[GRAPH_NEEDS][0][3] = false;
	compare(&pair);
	assert_true(graph_may_start(pair.nodes[0]));
	/* The same again: nobody is handed out. */
	graph_renew(pair.nodes[0], GRAPH_NEEDS);
	add(&pair, 0, GRAPH_NEEDS, 1);
	graph_sweep(pair.graph, pair.nodes[0], GRAPH_NEEDS);
	assert_null(graph_next_changed(pair.graph));
	end(&pair);
}

static void names_that_nobody_uses_leave_nothing(void **unused)
{
	struct pair pair;

	(void)unused;
	begin(&pair, 2);
	bind(&pair, 0);
	add(&pair, 0, GRAPH_NEEDS, 1);
	assert_true(graph_has_unbound(pair.graph));
	assert_non_null(graph_find(pair.graph, "b"));
	take(&pair, 0, GRAPH_NEEDS, 1);
	assert_null(graph_find(pair.graph, "b"));
	assert_false(graph_has_unbound(pair.graph));
	assert_false(graph_has_edges(pair.nodes[0]));
	unbind(&pair, 0);
	check(&pair);
	assert_null(graph_next_changed(pair.graph));
	assert_null(graph_find(pair.graph, "a"));
	end(&pair);
}

/* ---- trouble ---- */

static void the_shortest_cycle_is_told_from_its_first_name(void **unused)
{
	struct pair pair;

	(void)unused;
	begin_bound(&pair, 5);
	add(&pair, 4, GRAPH_NEEDS, 3); /* e -> d -> c -> b -> d */
	add(&pair, 3, GRAPH_WANTS, 2);
	add(&pair, 2, GRAPH_AFTER, 1);
	add(&pair, 1, GRAPH_NEEDS, 3);
	check(&pair);
	assert_int_equal(pair.cycles, 1);
	assert_string_equal(pair.said, "b -> d -> c -> b");
	add(&pair, 3, GRAPH_NEEDS, 1); /* a shorter one in the same */
	check(&pair);
	assert_int_equal(pair.cycles, 1);
	take(&pair, 3, GRAPH_NEEDS, 1);
	take(&pair, 2, GRAPH_AFTER, 1);
	check(&pair);
	assert_false(graph_is_cyclic(pair.nodes[1]));
	add(&pair, 2, GRAPH_AFTER, 1); /* again: said again */
	check(&pair);
	assert_int_equal(pair.cycles, 2);
	add(&pair, 0, GRAPH_NEEDS, 0);
	check(&pair);
	assert_string_equal(pair.said, "a -> a");
	end(&pair);
}

static void what_is_outside_a_cycle_starts(void **unused)
{
	struct pair pair;

	(void)unused;
	begin_bound(&pair, 4);
	add(&pair, 0, GRAPH_NEEDS, 1);
	add(&pair, 1, GRAPH_NEEDS, 0);
	add(&pair, 1, GRAPH_NEEDS, 2);
	add(&pair, 3, GRAPH_AFTER, 2);
	check(&pair);
	tell(&pair, 2, situations[3]);
	for (int i = 0; i < 4; i++)
		assert_int_equal(graph_may_start(pair.nodes[i]), i >= 2);
	/* Running ones of a cycle don't wait for each other's end. */
	tell(&pair, 0, situations[3]);
	tell(&pair, 1, situations[3]);
	assert_true(graph_may_stop(pair.nodes[0]));
	assert_true(graph_may_stop(pair.nodes[1]));
	assert_string_equal(graph_is_held_by(pair.nodes[2]), "b");
	end(&pair);
}

static void what_is_missing_is_told_once(void **unused)
{
	struct pair pair;

	(void)unused;
	begin(&pair, 3);
	bind(&pair, 0);
	add(&pair, 0, GRAPH_NEEDS, 1);
	add(&pair, 0, GRAPH_WANTS, 2);
	check(&pair);
	check(&pair);
	assert_int_equal(pair.missing, 1);
	assert_string_equal(pair.said, "a needs b");
	assert_string_equal(graph_waits_for(pair.nodes[0]), "b");
	bind(&pair, 1);
	tell(&pair, 1, situations[3]);
	check(&pair);
	assert_int_equal(pair.missing, 1);
	assert_true(graph_may_start(pair.nodes[0]));
	unbind(&pair, 1);
	check(&pair);
	assert_int_equal(pair.missing, 2);
	assert_false(graph_may_start(pair.nodes[0]));
	end(&pair);
}

/* ---- neighbours ---- */

static void collect(struct graph_node *node, void *with)
{
	strcat(with, graph_name(node));
}

static void bundles_stand_for_what_they_contain(void **unused)
{
	struct pair pair;
	char found[32] = "";

	(void)unused;
	begin_bound(&pair, 6); /* a needs b = {c, d = {e}}; f wants d */
	for (int i = 1; i <= 3; i += 2) {
		graph_set_bundle(pair.graph, pair.nodes[i], true);
		pair.model.is_bundle[i] = true;
	}
	add(&pair, 0, GRAPH_NEEDS, 1);
	add(&pair, 1, GRAPH_CONTAINS, 2);
	add(&pair, 1, GRAPH_CONTAINS, 3);
	add(&pair, 3, GRAPH_CONTAINS, 4);
	add(&pair, 5, GRAPH_WANTS, 3);
	check(&pair);
	compare(&pair);
	graph_visit_targets(pair.graph, pair.nodes[0], GRAPH_BIT(GRAPH_NEEDS),
			    collect, found);
	assert_string_equal(found, "ce");
	found[0] = '\0';
	graph_visit_sources(pair.graph, pair.nodes[4], GRAPH_BIT(GRAPH_NEEDS),
			    collect, found);
	assert_string_equal(found, "a");
	tell(&pair, 2, situations[3]);
	assert_false(graph_may_start(pair.nodes[0]));
	tell(&pair, 4, situations[3]);
	assert_true(graph_may_start(pair.nodes[0]));
	tell(&pair, 0, situations[3]);
	assert_false(graph_may_stop(pair.nodes[4]));
	tell(&pair, 0, situations[0]);
	assert_true(graph_may_stop(pair.nodes[4]));
	compare(&pair);
	end(&pair);
}

/* Bundles that contain each other stand for nothing sensible, but end. */
static void bundles_in_a_circle_come_to_an_end(void **unused)
{
	struct pair pair;
	char found[32] = "";

	(void)unused;
	begin_bound(&pair, 4);
	for (int i = 0; i < 3; i++) {
		graph_set_bundle(pair.graph, pair.nodes[i], true);
		add(&pair, i, GRAPH_CONTAINS, (i + 1) % 3);
		add(&pair, i, GRAPH_CONTAINS, 3);
	}
	check(&pair);
	assert_int_equal(pair.cycles, 1);
	for (size_t i = 0; i < SITUATIONS; i++)
		tell(&pair, 3, situations[i]);
	graph_visit_targets(pair.graph, pair.nodes[0],
			    GRAPH_BIT(GRAPH_CONTAINS), collect, found);
	assert_int_equal(found[0], 'd');
	end(&pair);
}

/* ---- many ---- */

#define LAYERS 50
#define WIDTH  40

static void layer_name(char out[16], int layer, int i)
{
	snprintf(out, 16, "s%d-%d", layer, i);
}

/* Each service needs all of the layer before: 78,400 edges. */
static void two_thousand_start_in_order(void **unused)
{
	static int order[LAYERS][WIDTH];
	struct graph *graph = graph_new();
	struct graph_report report = {NULL, NULL, NULL}; /* nothing to say */
	struct graph_node *node;
	int started = 0;
	char name[16];

	(void)unused;
	for (int layer = LAYERS - 1; layer >= 0; layer--) {
		for (int i = 0; i < WIDTH; i++) {
			layer_name(name, layer, i);
			node = graph_bind(graph, name, &order[layer][i]);
			for (int j = 0; layer > 0 && j < WIDTH; j++) {
				layer_name(name, layer - 1, j);
				graph_add(graph, node, GRAPH_NEEDS, name);
			}
		}
	}
	assert_false(graph_has_unbound(graph));
	graph_check(graph, &report);
	while ((node = graph_next_changed(graph))) {
		int *place = graph_owner(node);

		if (!graph_may_start(node) || *place != 0)
			continue;
		*place = ++started;
		graph_tell(graph, node, &situations[3]);
	}
	assert_int_equal(started, LAYERS * WIDTH);
	for (int layer = 1; layer < LAYERS; layer++) {
		for (int i = 0; i < WIDTH; i++)
			assert_true(order[layer][i] > layer * WIDTH);
	}
	graph_free(graph);
}

/* No recursion: a chain may be as long as there is memory. */
static void a_long_chain_is_no_trouble(void **unused)
{
	struct graph *graph = graph_new();
	struct pair pair = {.cycles = 0};
	const struct graph_report report = {check_path, check_missing, &pair};
	int owner;

	(void)unused;
	for (int i = 0; i < 20000; i++) {
		struct graph_node *node;
		char name[16], next[16];

		layer_name(name, i, 0);
		layer_name(next, i + 1, 0);
		node = graph_bind(graph, name, &owner);
		if (i < 19999)
			graph_add(graph, node, GRAPH_NEEDS, next);
	}
	graph_check(graph, &report);
	assert_false(graph_may_start(graph_find(graph, "s0-0")));
	assert_true(graph_may_start(graph_find(graph, "s19999-0")));
	graph_free(graph);
}

/* ---- what it costs ---- */

static double cpu_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* A node with `count` edges: made, met again, and taken away. */
static double cost_of_edges(int count)
{
	struct graph *graph = graph_new();
	double began_s = cpu_s();
	struct graph_node *node = graph_bind(graph, "many", graph);
	char name[16];

	for (int round = 0; round < 2; round++) {
		graph_renew(node, GRAPH_NEEDS);
		for (int i = 0; i < count; i++) {
			layer_name(name, 0, i);
			assert_int_equal(
				graph_add(graph, node, GRAPH_NEEDS, name), 0);
		}
		graph_sweep(graph, node, GRAPH_NEEDS);
	}
	for (int i = 0; i < count / 2; i++) {
		layer_name(name, 0, i);
		graph_remove(graph, node, GRAPH_NEEDS, name);
	}
	graph_renew(node, GRAPH_NEEDS);
	graph_sweep(graph, node, GRAPH_NEEDS);
	assert_false(graph_has_edges(node));
	graph_free(graph);
	return cpu_s() - began_s;
}

/* All edges of a node were walked for each name: 16 times for 4 times as many.
 */
static void edges_cost_the_same_however_many(void **unused)
{
	double few_s, many_s;

	(void)unused;
	cost_of_edges(1000);
	few_s = cost_of_edges(10000);
	many_s = cost_of_edges(80000);
	/* 8, and as much for a cache that is too small; it was more than 64. */
	assert_true(many_s < 40 * few_s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_graphs_of_three_in_all_situations),
		cmocka_unit_test(all_graphs_of_four),
		cmocka_unit_test(random_changes_keep_the_answers_right),
		cmocka_unit_test(edges_that_stay_change_nothing),
		cmocka_unit_test(names_that_nobody_uses_leave_nothing),
		cmocka_unit_test(
			the_shortest_cycle_is_told_from_its_first_name),
		cmocka_unit_test(what_is_outside_a_cycle_starts),
		cmocka_unit_test(what_is_missing_is_told_once),
		cmocka_unit_test(bundles_stand_for_what_they_contain),
		cmocka_unit_test(bundles_in_a_circle_come_to_an_end),
		cmocka_unit_test(two_thousand_start_in_order),
		cmocka_unit_test(a_long_chain_is_no_trouble),
		cmocka_unit_test(edges_cost_the_same_however_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
