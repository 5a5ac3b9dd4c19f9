/* depend_place.c -- see depend_place.h. */
#include <errno.h>
#include <stdlib.h>

#include "engine/depend_place.h"

/* ---- what the graph is told ---- */

static bool is_up(const struct service *service)
{
	return service->site.is_hosted &&
	       (machine_has_process(service->standing.machine.phase) ||
		service->standing.machine.phase == MACHINE_ACTIVE);
}

static bool is_wanted(const struct service *service)
{
	return service->site.is_hosted &&
	       !service->standing.machine.is_leaving &&
	       service->standing.machine.want != MACHINE_WANT_DOWN;
}

/* Acting is left to the loop: many facts may come at once, and the callbacks of
 * services are no place to start others. */
void depend_act_soon(struct depend *depend)
{
	if (!depend->is_scanning && !depend->soon.is_set &&
	    graph_has_changed(depend->graph))
		loop_timer_set(depend->loop, &depend->soon, loop_now_ns());
}

struct graph_facts depend_facts(const struct service *service)
{
	const struct machine *machine = &service->standing.machine;
	bool is_running = is_up(service);

	return (struct graph_facts){
		.is_wanted = is_wanted(service),
		.is_ready = is_running && machine->is_ready &&
			    !service->site.hangs_at,
		.is_settled = machine->is_failed,
		.is_running = is_running,
		.is_stopping =
			is_running && (machine->is_ending ||
				       machine->want == MACHINE_WANT_DOWN),
	};
}

void depend_place_tell(struct depend_place *place)
{
	struct graph_facts facts = depend_facts(place->service);

	facts.is_settled |= place->has_died;
	facts.is_stopping |=
		facts.is_running && (place->is_yielding || place->is_stopping);
	graph_tell(place->depend->graph, place->node, &facts);
	depend_act_soon(place->depend);
}

bool depend_place_is_wanted(const struct depend_place *place)
{
	return is_wanted(place->service);
}

/* ---- who is in the way of one that is to end ---- */

struct yielding {
	struct depend_place *first, **end;
};

static void note_yielding(struct graph_node *node, void *with)
{
	struct yielding *all = with;
	struct depend_place *place = depend_place_of(node);

	if (place->is_yielding || !is_up(place->service))
		return;
	place->is_yielding = true;
	place->next = NULL;
	*all->end = place;
	all->end = &place->next;
}

/* Those that need it, and those that need them. */
static void ask_to_yield(struct depend_place *place)
{
	struct graph *graph = place->depend->graph;
	struct yielding all = {.first = NULL};
	struct depend_place *each;

	all.end = &all.first;
	graph_visit_sources(graph, place->node, GRAPH_BIT(GRAPH_NEEDS),
			    note_yielding, &all);
	for (each = all.first; each; each = each->next)
		graph_visit_sources(graph, each->node, GRAPH_BIT(GRAPH_NEEDS),
				    note_yielding, &all);
	for (each = all.first; each; each = each->next) {
		depend_place_tell(each);
		graph_touch(graph, each->node);
	}
}

void depend_place_clear_way(struct depend_place *place)
{
	if (!place->depend->is_scanning && place->service->site.is_hosted &&
	    machine_is_held_back(&place->service->standing.machine) &&
	    !graph_may_stop(place->node))
		ask_to_yield(place);
}

/* ---- before and after each step of a service ---- */

static void before_step(struct service *service)
{
	const struct depend_place *place = service->place;

	service->standing.machine.must_wait =
		!graph_may_start(place->node) ||
		(place->depend->is_scanning && graph_has_edges(place->node));
	service->standing.machine.is_held = !graph_may_stop(place->node);
}

/* What is dying before it is ready isn't waited for by those that only want
 * it. */
static void note_death(struct depend_place *place)
{
	const struct service *service = place->service;

	if (service->standing.machine.is_ready)
		place->has_died = false;
	else if (service->standing.deaths != place->deaths)
		place->has_died = true;
	place->deaths = service->standing.deaths;
}

static void after_step(struct service *service)
{
	struct depend_place *place = service->place;
	bool is_wanted_now = is_wanted(service);

	note_death(place);
	if (is_wanted_now && !place->was_wanted) {
		place->must_pull = true;
		place->is_told_up = place->has_begun;
		place->has_died = false;
	}
	place->must_pull &= is_wanted_now;
	place->was_wanted = is_wanted_now;
	place->has_begun = service->site.is_hosted;
	if (!is_up(service))
		place->is_yielding = false;
	if (place->must_pull || place->is_yielding ||
	    machine_is_held_back(&service->standing.machine))
		graph_touch(place->depend->graph, place->node);
	depend_place_tell(place);
	depend_place_clear_way(place);
}

static const char *waits_for(const struct service *service)
{
	return graph_waits_for(service->place->node);
}

void depend_place_adopt(struct depend_place *place)
{
	after_step(place->service);
}

static const struct service_gate gate = {before_step, after_step, waits_for};

/* ---- places ---- */

/* One that had the name until now, and has another or none, gives it up. */
static void free_name(struct depend *depend, const char *name)
{
	struct graph_node *node = graph_find(depend->graph, name);

	if (node && graph_owner(node))
		depend_place_free(depend_place_of(node));
}

struct depend_place *depend_place_make(struct depend *depend,
				       struct service *service, bool has_begun)
{
	struct depend_place *place = calloc(1, sizeof(*place));

	if (!depend->graph)
		depend->graph = graph_new();
	if (place && depend->graph) {
		free_name(depend, service->site.name);
		place->depend = depend;
		place->service = service;
		place->deaths = service->standing.deaths;
		place->has_begun = has_begun;
		place->was_wanted = has_begun && is_wanted(service);
		place->must_pull = place->was_wanted;
		place->node =
			graph_bind(depend->graph, service->site.name, place);
	}
	if (!place || !place->node) {
		free(place);
		errno = ENOMEM;
		return NULL;
	}
	service->place = place;
	service->gate = &gate;
	service_watch(service);
	depend_place_tell(place);
	return place;
}

void depend_place_drop(struct depend_place *place, enum graph_kind kind)
{
	struct names *directory = place->directories[kind];

	place->directories[kind] = NULL;
	if (directory)
		names_unwatch(directory);
	free(directory);
}

void depend_place_free(struct depend_place *place)
{
	struct depend *depend = place->depend;
	struct service *service = place->service;
	struct machine *machine = &service->standing.machine;

	for (int kind = 0; kind < GRAPH_KIND_COUNT; kind++)
		depend_place_drop(place, (enum graph_kind)kind);
	service_unwatch(service);
	graph_unbind(depend->graph, place->node);
	service->place = NULL;
	service->gate = NULL;
	machine->must_wait = machine->is_held = false;
	free(place);
	depend_act_soon(depend);
}
