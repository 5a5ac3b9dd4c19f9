/* depend_act.c -- see depend_act.h. */
#include "engine/depend_act.h"
#include "engine/depend_place.h"

/* ---- starting along ---- */

/* Told to be down, not just never told to be up. */
static bool is_settled_down(const struct depend_place *puller,
			    const struct service *service)
{
	return !puller->is_told_up && (puller->service->standing.starts != 0 ||
				       service->standing.starts != 0);
}

static void pull(struct graph_node *node, void *with)
{
	const struct depend_place *puller = with;
	struct service *service = depend_place_of(node)->service;

	if (!service->site.is_hosted || service->standing.machine.is_leaving ||
	    service->standing.machine.want != MACHINE_WANT_DOWN ||
	    is_settled_down(puller, service))
		return;
	service_obey(service, 'u');
}

static void pull_along(struct depend_place *place)
{
	if (!place->must_pull)
		return;
	place->must_pull = false;
	graph_visit_targets(place->depend->graph, place->node,
			    GRAPH_BIT(GRAPH_NEEDS) | GRAPH_BIT(GRAPH_WANTS),
			    pull, place);
}

/* ---- stopping in order ---- */

/* Scripts before and after it are left to come to their end. */
static bool can_yield(const struct machine *machine)
{
	return machine->phase == MACHINE_ACTIVE ||
	       (machine->phase == MACHINE_UP && !machine->is_ending);
}

static void yield(struct depend_place *place)
{
	const struct machine *machine = &place->service->standing.machine;

	if (graph_may_start(place->node)) { /* it needn't after all */
		place->is_yielding = false;
		depend_place_tell(place);
	} else if (graph_may_stop(place->node) && can_yield(machine)) {
		service_yield(place->service);
	}
}

/* ---- acting on the answers ---- */

/* Whether it has waited for what is now the case. */
static bool is_released(const struct service *service,
			const struct depend_place *place)
{
	if (service->standing.machine.phase == MACHINE_WAITING)
		return graph_may_start(place->node);
	return machine_is_held_back(&service->standing.machine) &&
	       graph_may_stop(place->node);
}

static void act_on(struct depend_place *place)
{
	struct service *service = place->service;

	if (!service->site.is_hosted)
		return;
	pull_along(place);
	if (place->is_yielding)
		yield(place);
	depend_place_clear_way(place); /* others may have come into it */
	if (is_released(service, place))
		service_release(service);
	else if (service->standing.machine.phase == MACHINE_WAITING)
		service_waits_anew(service); /* for something else, perhaps */
}

void depend_act(struct loop_timer *timer)
{
	struct depend *depend = timer->owner;
	struct graph_node *node;

	if (!depend->graph)
		return;
	while ((node = graph_next_changed(depend->graph)))
		act_on(depend_place_of(node));
	/* All that follows from it has been done here. */
	loop_timer_cancel(depend->loop, &depend->soon);
}
