/* depend.c -- see depend.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/strb.h"
#include "engine/depend.h"
#include "engine/depend_act.h"
#include "engine/depend_place.h"
#include "engine/entry.h"
#include "service/config.h"

#define NAME_BYTES 512 /* of a path below the scan directory */

void depend_forget(struct entry *entry)
{
	if (entry->service.place)
		depend_place_free(entry->service.place);
}

bool depend_is_bundle(const struct entry *entry)
{
	return entry->service.place &&
	       graph_is_bundle(entry->service.place->node);
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
static void on_change(struct names *directory)
{
	const struct depend_place *place = directory->owner;
	struct entry *entry = place->service->owner;

	entry->must_look_for_names = true;
	entry->on_change(entry);
}

/* Where it can't be watched, it is read with each scan. */
static void watch(struct names *directory, const struct entry *entry,
		  enum graph_kind kind)
{
	char room[NAME_BYTES];
	struct strb path = strb_on(room, sizeof(room));

	strb_add_format(&path, "%s/%s", entry->name, graph_directory(kind));
	names_watch(directory, entry->dir_fd, graph_directory(kind),
		    path.is_cut ? NULL : room);
}

static struct depend_place *make_place(struct depend *depend,
				       struct entry *entry)
{
	return depend_place_make(depend, &entry->service,
				 entry->service.site.is_hosted &&
					 !entry->is_beginning);
}

static struct names *make_directory(struct depend *depend, struct entry *entry,
				    enum graph_kind kind)
{
	struct depend_place *place = entry->service.place
					     ? entry->service.place
					     : make_place(depend, entry);
	struct names *directory;

	if (!place)
		return NULL;
	directory = place->directories[kind];
	if (directory)
		return directory;
	directory = calloc(1, sizeof(*directory));
	if (!directory)
		return NULL;
	directory->loop = depend->loop;
	directory->on_change = on_change;
	directory->owner = place;
	place->directories[kind] = directory;
	if (kind == GRAPH_CONTAINS)
		graph_set_bundle(depend->graph, place->node, true);
	return directory;
}

struct reader {
	const struct depend_place *place;
	enum graph_kind kind;
};

static int take(void *with, const char *name)
{
	const struct reader *reader = with;

	return graph_add(reader->place->depend->graph, reader->place->node,
			 reader->kind, name);
}

/* False with errno: not all names could be read, or kept; those that were
 * count, and so do the older ones. */
static bool read_names(struct depend_place *place, enum graph_kind kind, int fd)
{
	struct reader reader = {place, kind};

	graph_renew(place->node, kind);
	if (names_read(place->directories[kind], fd, take, &reader) == -1)
		return false;
	graph_sweep(place->depend->graph, place->node, kind);
	return true;
}

static bool complain(struct entry *entry, enum graph_kind kind)
{
	struct names *directory =
		entry->service.place ? entry->service.place->directories[kind]
				     : NULL;
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
	struct depend_place *place = entry->service.place;

	if (!place || !place->directories[kind])
		return;
	depend_place_drop(place, kind);
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
	struct depend_place *place = entry->service.place;
	struct names *directory;
	int fd;

	if (place && place->directories[kind])
		watch(place->directories[kind], entry, kind);
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
	watch(directory, entry, kind);
	if (names_are_known(directory)) {
		close(fd);
		return true;
	}
	if (!read_names(entry->service.place, kind, fd))
		return complain(entry, kind);
	directory->has_failed = false;
	return true;
}

static bool has_unwatched(const struct depend_place *place)
{
	for (int kind = 0; kind < GRAPH_KIND_COUNT; kind++) {
		const struct names *directory = place->directories[kind];

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
		    !(entry->service.place &&
		      entry->service.place->directories[kind]))
			return true;
	}
	return false;
}

bool depend_must_look(const struct entry *entry)
{
	return entry->must_look_for_names || !entry->changes.is_added ||
	       has_unread(entry) ||
	       (entry->service.place && has_unwatched(entry->service.place));
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

/* ---- around a scan ---- */

void depend_begin(struct depend *depend, struct loop *loop)
{
	depend->graph = NULL;
	depend->loop = loop;
	depend->soon =
		(struct loop_timer){.on_due = depend_act, .owner = depend};
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

static void pull_again(struct graph_node *node, void *with)
{
	struct depend_place *place = depend_place_of(node);

	(void)with;
	place->must_pull = depend_place_is_wanted(place);
	graph_touch(place->depend->graph, node);
}

/* Entries that others name, and that have nothing to say themselves. */
static void bind_named(struct depend *depend, struct entry *entries)
{
	struct entry *entry;

	for (entry = entries; entry; entry = entry->next) {
		if (entry->service.place ||
		    !graph_find(depend->graph, entry->name))
			continue;
		/* Short of memory: those that need it wait for the next scan.
		 */
		if (make_place(depend, entry))
			graph_visit_sources(
				depend->graph, entry->service.place->node,
				GRAPH_BIT(GRAPH_NEEDS) | GRAPH_BIT(GRAPH_WANTS),
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
	const struct depend *depend = with;

	if (depend->is_elsewhere &&
	    depend->is_elsewhere(depend->owner, missing))
		return;
	diag_warn("unable to start %s: it needs %s, and there is no such "
		  "service",
		  name, missing);
}

/* What was taken over goes on without a step. */
static void note_adopted(struct entry *entries)
{
	struct entry *entry;

	for (entry = entries; entry; entry = entry->next) {
		if (entry->service.place && entry->service.site.is_hosted &&
		    !entry->service.place->has_begun)
			depend_place_adopt(entry->service.place);
	}
}

/* Those that it was held for when it was put on record are named no more. */
static void end_held(struct entry *entries)
{
	struct entry *entry;

	for (entry = entries; entry; entry = entry->next) {
		if (!entry->service.place)
			service_end_held(&entry->service);
	}
}

static void clear_all_ways(struct entry *entries)
{
	struct entry *entry;

	for (entry = entries; entry; entry = entry->next) {
		if (entry->service.place)
			depend_place_clear_way(entry->service.place);
	}
}

void depend_tell_of(struct depend *depend, const char *name,
		    const struct graph_facts *facts)
{
	struct graph_node *node =
		depend->graph ? graph_find(depend->graph, name) : NULL;

	if (!node || graph_owner(node))
		return;
	graph_tell(depend->graph, node, facts);
	depend_act_soon(depend);
}

void depend_scan_ends(struct depend *depend, struct entry *entries)
{
	const struct graph_report report = {say_cycle, say_missing, depend};

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
		depend_act_soon(depend);
}

void depend_stop(struct depend *depend, struct entry *entries)
{
	struct entry *entry;

	depend->is_scanning = false;
	for (entry = entries; entry; entry = entry->next) {
		if (!entry->service.place)
			continue;
		entry->service.place->is_stopping = true;
		depend_place_tell(entry->service.place);
	}
}
