/* depend.c -- see depend.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/strb.h"
#include "engine/depend.h"
#include "engine/entry.h"
#include "service/config.h"

#define NAME_BYTES 512 /* of a path below the scan directory */

/* One of those directories, that is there. */
struct directory {
	struct loop_directory changes;
	struct depend_place *place;
	enum graph_kind kind;
	bool is_stale;   /* it changed since it was read */
	bool has_failed; /* and that was said */
};

struct depend_place {
	struct depend *depend;
	struct entry *entry;
	struct graph_node *node;
	struct directory *directories[GRAPH_KIND_COUNT]; /* owned; or NULL */
	struct depend_place *next; /* of those that yield, in yield_all() */
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
static void act_soon(struct depend *depend)
{
	if (!depend->is_scanning && !depend->soon.is_set &&
	    graph_has_changed(depend->graph))
		loop_timer_set(depend->loop, &depend->soon, loop_now_ns());
}

static void tell(struct depend_place *place)
{
	const struct service *service = &place->entry->service;
	const struct machine *machine = &service->standing.machine;
	bool is_running = is_up(service);
	const struct graph_facts facts = {
		.is_wanted = is_wanted(service),
		.is_ready = is_running && machine->is_ready,
		.is_settled = machine->is_failed || place->has_died,
		.is_running = is_running,
		.is_stopping = is_running &&
			       (place->is_yielding || place->is_stopping ||
				machine->is_ending ||
				machine->want == MACHINE_WANT_DOWN),
	};

	graph_tell(place->depend->graph, place->node, &facts);
	act_soon(place->depend);
}

static struct depend_place *place_of(const struct graph_node *node)
{
	return graph_owner(node);
}

/* ---- who is in the way of one that is to end ---- */

struct yielding {
	struct depend_place *first, **end;
};

static void note_yielding(struct graph_node *node, void *with)
{
	struct yielding *all = with;
	struct depend_place *place = place_of(node);

	if (place->is_yielding || !is_up(&place->entry->service))
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
		tell(each);
		graph_touch(graph, each->node);
	}
}

/*
 * Before anybody else is looked at: none of them may be started meanwhile,
 * though all that it needs is ready yet. During a scan not all of them are
 * known.
 */
static void clear_the_way(struct depend_place *place)
{
	if (!place->depend->is_scanning &&
	    place->entry->service.site.is_hosted &&
	    machine_is_held_back(&place->entry->service.standing.machine) &&
	    !graph_may_stop(place->node))
		ask_to_yield(place);
}

/* ---- before and after each step of a service ---- */

static void before_step(struct service *service)
{
	const struct entry *entry = service->owner;
	const struct depend_place *place = entry->place;

	service->standing.machine.must_wait =
		!graph_may_start(place->node) ||
		(place->depend->is_scanning && graph_has_edges(place->node));
	service->standing.machine.is_held = !graph_may_stop(place->node);
}

/* What is dying before it is ready isn't waited for by those that only want
 * it. */
static void note_death(struct depend_place *place)
{
	const struct service *service = &place->entry->service;

	if (service->standing.machine.is_ready)
		place->has_died = false;
	else if (service->standing.deaths != place->deaths)
		place->has_died = true;
	place->deaths = service->standing.deaths;
}

static void after_step(struct service *service)
{
	const struct entry *entry = service->owner;
	struct depend_place *place = entry->place;
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
	tell(place);
	clear_the_way(place);
}

static const char *waits_for(const struct service *service)
{
	const struct entry *entry = service->owner;

	return graph_waits_for(entry->place->node);
}

static const struct service_gate gate = {before_step, after_step, waits_for};

/* ---- places ---- */

/* One that had the name until now, and has another or none, gives it up. */
static void free_name(struct depend *depend, const char *name)
{
	struct graph_node *node = graph_find(depend->graph, name);

	if (node && graph_owner(node))
		depend_forget(place_of(node)->entry);
}

static struct depend_place *make_place(struct depend *depend,
				       struct entry *entry)
{
	struct depend_place *place = calloc(1, sizeof(*place));

	if (!depend->graph)
		depend->graph = graph_new();
	if (place && depend->graph) {
		free_name(depend, entry->name);
		place->depend = depend;
		place->entry = entry;
		place->deaths = entry->service.standing.deaths;
		place->has_begun =
			entry->service.site.is_hosted && !entry->is_beginning;
		place->was_wanted =
			place->has_begun && is_wanted(&entry->service);
		place->must_pull = place->was_wanted;
		place->node = graph_bind(depend->graph, entry->name, place);
	}
	if (!place || !place->node) {
		free(place);
		errno = ENOMEM;
		return NULL;
	}
	entry->place = place;
	entry->service.gate = &gate;
	service_watch(&entry->service);
	tell(place);
	return place;
}

static void drop_directory(struct depend_place *place, enum graph_kind kind)
{
	struct directory *directory = place->directories[kind];

	place->directories[kind] = NULL;
	if (directory)
		loop_directory_remove(place->depend->loop, &directory->changes);
	free(directory);
}

void depend_forget(struct entry *entry)
{
	struct depend_place *place = entry->place;
	struct depend *depend = place ? place->depend : NULL;

	if (!place)
		return;
	for (int kind = 0; kind < GRAPH_KIND_COUNT; kind++)
		drop_directory(place, (enum graph_kind)kind);
	service_unwatch(&entry->service);
	graph_unbind(depend->graph, place->node);
	entry->place = NULL;
	entry->service.gate = NULL;
	entry->service.standing.machine.must_wait =
		entry->service.standing.machine.is_held = false;
	free(place);
	act_soon(depend);
}

bool depend_is_bundle(const struct entry *entry)
{
	return entry->place && graph_is_bundle(entry->place->node);
}

bool depend_is_name(const char *name)
{
	for (int kind = 0; kind < GRAPH_KIND_COUNT; kind++) {
		if (strcmp(name, graph_directory((enum graph_kind)kind)) == 0)
			return true;
	}
	return false;
}

/* ---- reading ---- */

/* The names are known only when all entries are: a scan finds them. */
static void on_change(struct loop_directory *changes,
		      enum directory_change change, const char *name)
{
	struct directory *directory = changes->owner;
	struct entry *entry = directory->place->entry;

	(void)name;
	entry->must_look_for_names = true;
	directory->is_stale = true;
	if (change == DIRECTORY_ITSELF) /* another may have its name */
		loop_directory_remove(directory->place->depend->loop, changes);
	entry->on_change(entry);
}

/* Watched before it is read, so that no change falls in between. */
static void watch(struct directory *directory)
{
	const struct depend_place *place = directory->place;
	char room[NAME_BYTES];
	struct strb path = strb_on(room, sizeof(room));

	if (directory->changes.is_added)
		return;
	directory->is_stale = true;
	strb_add_format(&path, "%s/%s", place->entry->name,
			graph_directory(directory->kind));
	if (!path.is_cut) /* or it is read with each scan */
		loop_directory_add(place->depend->loop, &directory->changes,
				   room);
}

static struct directory *
make_directory(struct depend *depend, struct entry *entry, enum graph_kind kind)
{
	struct depend_place *place =
		entry->place ? entry->place : make_place(depend, entry);
	struct directory *directory;

	if (!place)
		return NULL;
	directory = place->directories[kind];
	if (directory)
		return directory;
	directory = calloc(1, sizeof(*directory));
	if (!directory)
		return NULL;
	directory->changes.on_change = on_change;
	directory->changes.owner = directory;
	directory->place = place;
	directory->kind = kind;
	place->directories[kind] = directory;
	if (kind == GRAPH_CONTAINS)
		graph_set_bundle(depend->graph, place->node, true);
	return directory;
}

/* False with errno: not all names could be read, or kept; those that were
 * count, and so do the older ones. */
static bool read_names(struct depend_place *place, enum graph_kind kind, int fd)
{
	struct graph *graph = place->depend->graph;
	DIR *names = fdopendir(fd);
	struct dirent *name;
	int error;

	if (!names) {
		error = errno;
		close(fd);
		errno = error;
		return false;
	}
	graph_renew(place->node, kind);
	while (errno = 0, name = readdir(names)) {
		if (name->d_name[0] != '.' &&
		    graph_add(graph, place->node, kind, name->d_name) == -1)
			break;
	}
	error = errno;
	closedir(names);
	if (error == 0)
		graph_sweep(graph, place->node, kind);
	errno = error;
	return error == 0;
}

static bool complain(struct entry *entry, enum graph_kind kind)
{
	struct directory *directory =
		entry->place ? entry->place->directories[kind] : NULL;
	int error = errno;

	if (!directory || !directory->has_failed)
		diag_warn_errno("unable to read %s/%s", entry->name,
				graph_directory(kind));
	if (directory)
		directory->has_failed = true;
	errno = error;
	return false;
}

/* There is no such directory, or none any more. */
static void lose_directory(struct depend *depend, struct entry *entry,
			   enum graph_kind kind)
{
	struct depend_place *place = entry->place;

	if (!place || !place->directories[kind])
		return;
	drop_directory(place, kind);
	graph_renew(place->node, kind);
	graph_sweep(depend->graph, place->node, kind);
	if (kind == GRAPH_CONTAINS)
		graph_set_bundle(depend->graph, place->node, false);
}

/* Something to run makes a service of what would be a bundle. */
static int open_names(const struct entry *entry, enum graph_kind kind)
{
	struct stat status;

	if (kind == GRAPH_CONTAINS &&
	    fstatat(entry->dir_fd, "run", &status, 0) == 0) {
		errno = ENOENT;
		return -1;
	}
	return openat(entry->dir_fd, graph_directory(kind),
		      O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);
}

static bool look_at(struct depend *depend, struct entry *entry,
		    enum graph_kind kind)
{
	struct directory *directory;
	int fd;

	if (entry->place && entry->place->directories[kind])
		watch(entry->place->directories[kind]);
	fd = open_names(entry, kind);
	if (fd == -1 && (errno == ENOENT || errno == ENOTDIR)) {
		lose_directory(depend, entry, kind);
		return true;
	}
	if (fd == -1)
		return complain(entry, kind);
	directory = make_directory(depend, entry, kind);
	if (!directory) {
		close(fd);
		return complain(entry, kind);
	}
	watch(directory);
	if (directory->changes.is_added && !directory->is_stale) {
		close(fd);
		return true;
	}
	directory->is_stale = false;
	if (!read_names(directory->place, kind, fd)) {
		directory->is_stale = true;
		return complain(entry, kind);
	}
	directory->has_failed = false;
	return true;
}

static bool has_unwatched(const struct depend_place *place)
{
	for (int kind = 0; kind < GRAPH_KIND_COUNT; kind++) {
		const struct directory *directory = place->directories[kind];

		if (directory && !directory->changes.is_added)
			return true;
	}
	return false;
}

/* Also of one that has a place because others name it, and that could not be
 * hosted so far. */
static bool has_unread(const struct entry *entry)
{
	static const enum config_name names[GRAPH_CONTAINS] = {
		[GRAPH_NEEDS] = CONFIG_DEPENDENCIES,
		[GRAPH_WANTS] = CONFIG_WANTS,
		[GRAPH_AFTER] = CONFIG_AFTER,
	};
	const struct service_config *config = entry->service.site.config;

	for (int kind = 0; config && kind < GRAPH_CONTAINS; kind++) {
		if ((config->there >> names[kind] & 1) != 0 &&
		    !(entry->place && entry->place->directories[kind]))
			return true;
	}
	return false;
}

bool depend_must_look(const struct entry *entry)
{
	return entry->must_look_for_names || !entry->changes.is_added ||
	       has_unread(entry) ||
	       (entry->place && has_unwatched(entry->place));
}

bool depend_look(struct depend *depend, struct entry *entry)
{
	bool is_well = true;

	entry->must_look_for_names = false;
	for (int kind = 0; kind < GRAPH_KIND_COUNT; kind++)
		is_well &= look_at(depend, entry, (enum graph_kind)kind);
	entry->must_look_for_names = !is_well;
	return is_well;
}

/* ---- starting along ---- */

/* Told to be down, not just never told to be up. */
static bool is_settled_down(const struct depend_place *puller,
			    const struct service *service)
{
	return !puller->is_told_up &&
	       (puller->entry->service.standing.starts != 0 ||
		service->standing.starts != 0);
}

static void pull(struct graph_node *node, void *with)
{
	const struct depend_place *puller = with;
	struct service *service = &place_of(node)->entry->service;

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

static void pull_again(struct graph_node *node, void *with)
{
	struct depend_place *place = place_of(node);

	(void)with;
	place->must_pull = is_wanted(&place->entry->service);
	graph_touch(place->depend->graph, node);
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
	const struct machine *machine = &place->entry->service.standing.machine;

	if (graph_may_start(place->node)) { /* it needn't after all */
		place->is_yielding = false;
		tell(place);
	} else if (graph_may_stop(place->node) && can_yield(machine)) {
		service_yield(&place->entry->service);
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
	struct service *service = &place->entry->service;

	if (!service->site.is_hosted)
		return;
	pull_along(place);
	if (place->is_yielding)
		yield(place);
	clear_the_way(place); /* others may have come into it */
	if (is_released(service, place))
		service_release(service);
	else if (service->standing.machine.phase == MACHINE_WAITING)
		service_waits_anew(service); /* for something else, perhaps */
}

static void act(struct loop_timer *timer)
{
	struct depend *depend = timer->owner;
	struct graph_node *node;

	if (!depend->graph)
		return;
	while ((node = graph_next_changed(depend->graph)))
		act_on(place_of(node));
	/* All that follows from it has been done here. */
	loop_timer_cancel(depend->loop, &depend->soon);
}

/* ---- around a scan ---- */

void depend_begin(struct depend *depend, struct loop *loop)
{
	depend->graph = NULL;
	depend->loop = loop;
	depend->soon = (struct loop_timer){.on_due = act, .owner = depend};
	depend->is_scanning = false;
}

void depend_end(struct depend *depend)
{
	loop_timer_cancel(depend->loop, &depend->soon);
	graph_free(depend->graph);
	depend->graph = NULL;
}

void depend_scan_begins(struct depend *depend)
{
	depend->is_scanning = true;
}

/* Entries that others name, and that have nothing to say themselves. */
static void bind_named(struct depend *depend, struct entry *entries)
{
	struct entry *entry;

	for (entry = entries; entry; entry = entry->next) {
		if (entry->place || !graph_find(depend->graph, entry->name))
			continue;
		/* Short of memory: those that need it wait for the next scan.
		 */
		if (make_place(depend, entry))
			graph_visit_sources(depend->graph, entry->place->node,
					    GRAPH_BIT(GRAPH_NEEDS) |
						    GRAPH_BIT(GRAPH_WANTS),
					    pull_again, NULL);
	}
}

static void say_cycle(void *with, const char *path)
{
	(void)with;
	diag_warn("unable to start services that wait for one another: %s",
		  path);
}

static void say_missing(void *with, const char *name, const char *missing)
{
	(void)with;
	diag_warn("unable to start %s: it needs %s, and there is no such "
		  "service",
		  name, missing);
}

/* What was taken over goes on without a step. */
static void note_adopted(struct entry *entries)
{
	struct entry *entry;

	for (entry = entries; entry; entry = entry->next) {
		if (entry->place && entry->service.site.is_hosted &&
		    !entry->place->has_begun)
			after_step(&entry->service);
	}
}

/* Those that it was held for when it was put on record are named no more. */
static void end_held(struct entry *entries)
{
	struct entry *entry;

	for (entry = entries; entry; entry = entry->next) {
		if (!entry->place)
			service_end_held(&entry->service);
	}
}

static void clear_all_ways(struct entry *entries)
{
	struct entry *entry;

	for (entry = entries; entry; entry = entry->next) {
		if (entry->place)
			clear_the_way(entry->place);
	}
}

void depend_scan_ends(struct depend *depend, struct entry *entries)
{
	const struct graph_report report = {say_cycle, say_missing, NULL};

	if (depend->graph && graph_has_unbound(depend->graph))
		bind_named(depend, entries);
	end_held(entries);
	if (depend->graph) {
		note_adopted(entries);
		graph_check(depend->graph, &report);
	}
	depend->is_scanning = false;
	clear_all_ways(entries);
	if (depend->graph)
		act_soon(depend);
}

void depend_stop(struct depend *depend, struct entry *entries)
{
	struct entry *entry;

	depend->is_scanning = false;
	for (entry = entries; entry; entry = entry->next) {
		if (!entry->place)
			continue;
		entry->place->is_stopping = true;
		tell(entry->place);
	}
}
