/* survey.c -- see survey.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mounts.h"
#include "base/tai64n.h"
#include "client/look.h"
#include "client/reach.h"
#include "client/survey.h"
#include "service/since.h"
#include "service/tally.h"

#define SECOND_NS INT64_C(1000000000)

/* ---- arrays ---- */

/* Room for one more in an array of `count`, which grows by doubling. */
static void *make_room(void *array, size_t count, size_t item_bytes)
{
	if (count != 0 && (count & (count - 1)) != 0)
		return array;
	return realloc(array, (count ? 2 * count : 1) * item_bytes);
}

static struct survey_service *add_service(struct survey *survey,
					  const char *name)
{
	struct survey_service *services =
		make_room(survey->services, survey->count, sizeof(*services));
	struct survey_service *service;

	if (!services)
		return NULL;
	survey->services = services;
	service = &services[survey->count];
	memset(service, 0, sizeof(*service));
	service->began_ns = service->ready_ns = SURVEY_NEVER;
	service->name = strdup(name);
	if (!service->name)
		return NULL;
	survey->count++;
	return service;
}

void survey_free(struct survey *survey)
{
	for (size_t i = 0; i < survey->count; i++) {
		free(survey->services[i].name);
		free(survey->services[i].hangs_at);
		free(survey->services[i].edges);
	}
	free(survey->services);
	*survey = (struct survey){NULL, 0};
}

static int compare(const void *one, const void *other)
{
	const struct survey_service *a = one, *b = other;

	return strcmp(a->name, b->name);
}

/* ---- what may hang ---- */

struct reading {
	struct survey *survey;
	DIR *names;
	struct mounts mounts; /* others than that of the scan directory */
	char folder[PATH_MAX];
};

static DIR *open_names(int dir_fd, enum graph_kind kind);

/* All that is done with a directory here. */
static void look_ahead(const char *path)
{
	struct look look;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1)
		return;
	look_take(fd, &look, NULL);
	for (int kind = 0; kind < GRAPH_KIND_COUNT; kind++) {
		DIR *names = open_names(fd, (enum graph_kind)kind);

		if (names && readdir(names))
			closedir(names);
	}
}

static void find_mounts(struct reading *reading, const char *scan_dir)
{
	char place[PATH_MAX];

	mounts_read(&reading->mounts);
	if (reading->mounts.len == 0)
		return;
	if (!realpath(scan_dir, reading->folder))
		mounts_free(&reading->mounts);
	while (reading->mounts.len > 0 &&
	       mounts_follow(&reading->mounts, reading->folder, 0, place) ==
		       MOUNTS_REMOTE)
		mounts_leave_out(&reading->mounts, place);
}

/* 1: it can't be looked at, and is in the survey. -1: memory is short. */
static int add_hanging(struct reading *reading, const char *name)
{
	char place[PATH_MAX];
	struct survey_service *service;

	if (reading->mounts.len == 0 ||
	    reach_answers(&reading->mounts, reading->folder, name, place,
			  look_ahead))
		return 0;
	service = add_service(reading->survey, name);
	if (!service)
		return -1;
	service->hangs_at = strdup(place);
	service->look.trouble = "look at the directory";
	service->look.error = ETIMEDOUT;
	return service->hangs_at ? 1 : -1;
}

/* ---- reading ---- */

static int read_services(struct reading *reading)
{
	struct survey *survey = reading->survey;
	DIR *names = reading->names;
	struct dirent *entry;

	while (errno = 0, entry = readdir(names)) {
		struct stat status;
		int hanging;

		if (entry->d_name[0] == '.')
			continue;
		hanging = add_hanging(reading, entry->d_name);
		if (hanging == -1)
			return -1;
		if (hanging == 1 ||
		    fstatat(dirfd(names), entry->d_name, &status, 0) == -1 ||
		    !S_ISDIR(status.st_mode))
			continue;
		if (!add_service(survey, entry->d_name))
			return -1;
	}
	if (errno != 0)
		return -1;
	if (survey->count != 0)
		qsort(survey->services, survey->count,
		      sizeof(*survey->services), compare);
	return 0;
}

/* The index of a name; one that isn't known among the first `known` is added.
 * `survey->count` when memory is short. */
static size_t find_name(struct survey *survey, size_t known, const char *name)
{
	size_t low = 0, high = known, i;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(survey->services[middle].name, name);

		if (order == 0)
			return middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (i = known; i < survey->count; i++) {
		if (strcmp(survey->services[i].name, name) == 0)
			return i;
	}
	if (!add_service(survey, name))
		return survey->count;
	survey->services[i].is_missing = true;
	return i;
}

static int add_edge(struct survey *survey, size_t from, size_t to,
		    enum graph_kind kind)
{
	struct survey_service *service = &survey->services[from];
	struct survey_edge *edges =
		make_room(service->edges, service->edge_count, sizeof(*edges));

	if (!edges)
		return -1;
	service->edges = edges;
	edges[service->edge_count++] = (struct survey_edge){to, kind};
	survey->services[to].is_needed = true;
	return 0;
}

static DIR *open_names(int dir_fd, enum graph_kind kind)
{
	int fd = openat(dir_fd, graph_directory(kind),
			O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);
	DIR *names = fd == -1 ? NULL : fdopendir(fd);

	if (fd != -1 && !names)
		close(fd);
	return names;
}

static int read_edges(struct survey *survey, size_t known, size_t from,
		      int dir_fd, enum graph_kind kind)
{
	DIR *names = open_names(dir_fd, kind);
	struct dirent *entry;
	int result = 0;

	if (!names)
		return 0;
	if (kind == GRAPH_CONTAINS)
		survey->services[from].is_bundle = true;
	while (result == 0 && (entry = readdir(names))) {
		size_t to;

		if (entry->d_name[0] == '.')
			continue;
		to = find_name(survey, known, entry->d_name);
		result = to == survey->count ? -1
					     : add_edge(survey, from, to, kind);
	}
	closedir(names);
	return result;
}

/* By kind, then by name: services are in that order. */
static int compare_edges(const void *one, const void *other)
{
	const struct survey_edge *a = one, *b = other;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	return a->to < b->to ? -1 : a->to > b->to;
}

/* By the clock as it is now, which was set by `set_ns` since. */
static int64_t moment_ns(const char *label, int64_t set_ns)
{
	struct timespec moment;

	if (strlen(label) != TAI64N_LABEL_SIZE || !tai64n_parse(label, &moment))
		return SURVEY_NEVER;
	moment = since_add(moment, set_ns);
	return (int64_t)moment.tv_sec * SECOND_NS + moment.tv_nsec;
}

static unsigned count_deaths(int dir_fd)
{
	struct tally_death deaths[SURVEY_DEATHS];
	int64_t now_s = tai64n_now().tv_sec;
	int count = tally_read(dir_fd, deaths, SURVEY_DEATHS);
	unsigned recent = 0;

	for (int i = 0; i < count; i++)
		recent += deaths[i].signal_number != SIGTERM &&
			  deaths[i].at.tv_sec >= now_s - SURVEY_RECENT_S &&
			  /* Those of a time to come were before the clock
			   * was set back. */
			  deaths[i].at.tv_sec <= now_s;
	return recent;
}

static void read_state(struct survey_service *service, int dir_fd)
{
	const struct look *look = &service->look;

	look_take(dir_fd, &service->look, NULL);
	service->has_state = !look->trouble && look->has_state;
	if (!service->has_state)
		return;
	service->state = look->state;
	if (look->state.deaths >= SURVEY_DEATHS)
		service->recent_deaths = count_deaths(dir_fd);
	if (look->state.pid != 0 || look->state.is_ready)
		service->began_ns =
			moment_ns(look->state.changed_at, look->set_ns);
	if (look->state.is_ready)
		service->ready_ns =
			moment_ns(look->state.ready_at, look->set_ns);
	/* A clock that was set meanwhile says nothing. */
	if (service->ready_ns != SURVEY_NEVER &&
	    service->ready_ns < service->began_ns)
		service->ready_ns = service->began_ns;
}

static int read_service(struct survey *survey, size_t known, size_t i,
			int scan_fd)
{
	struct stat status;
	int result = 0;
	int fd;

	if (survey->services[i].hangs_at)
		return 0;
	fd = openat(scan_fd, survey->services[i].name,
		    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1) {
		survey->services[i].look.trouble = "open the directory";
		survey->services[i].look.error = errno;
		return 0;
	}
	read_state(&survey->services[i], fd);
	for (int kind = 0; kind < GRAPH_KIND_COUNT && result == 0; kind++) {
		/* With something to run it is no bundle. */
		if (kind == GRAPH_CONTAINS &&
		    fstatat(fd, "run", &status, 0) == 0)
			continue;
		result =
			read_edges(survey, known, i, fd, (enum graph_kind)kind);
	}
	close(fd);
	if (survey->services[i].edge_count != 0)
		qsort(survey->services[i].edges, survey->services[i].edge_count,
		      sizeof(struct survey_edge), compare_edges);
	return result;
}

/* ---- who waits ---- */

static void tell_graph(struct graph *graph, struct graph_node *node,
		       const struct survey_service *service)
{
	const struct state *state = &service->state;
	const struct graph_facts facts = {
		.is_wanted =
			service->has_state && strcmp(state->want, "down") != 0,
		.is_ready = state->is_ready,
		.is_settled = state->is_failed || state->deaths != 0,
		.is_running = state->pid != 0,
		.is_stopping = state->is_ending,
	};

	graph_set_bundle(graph, node, service->is_bundle);
	graph_tell(graph, node, &facts);
}

/* The same graph as the supervisor's gives the same answers. */
static int fill_graph(struct graph *graph, struct survey *survey)
{
	for (size_t i = 0; i < survey->count; i++) {
		struct survey_service *service = &survey->services[i];
		struct graph_node *node;

		if (service->is_missing)
			continue;
		node = graph_bind(graph, service->name, service);
		if (!node)
			return -1;
		for (size_t j = 0; j < service->edge_count; j++) {
			const struct survey_edge *edge = &service->edges[j];

			if (graph_add(graph, node, edge->kind,
				      survey->services[edge->to].name) == -1)
				return -1;
		}
		tell_graph(graph, node, service);
	}
	return 0;
}

/* Names that last as long as the survey. */
static const char *name_in(const struct survey *survey,
			   const struct survey_service *service,
			   const char *name)
{
	for (size_t i = 0; name && i < service->edge_count; i++) {
		const char *other = survey->services[service->edges[i].to].name;

		if (strcmp(other, name) == 0)
			return other;
	}
	return NULL;
}

static int find_who_waits(struct survey *survey)
{
	struct graph *graph = graph_new();
	int result = graph ? fill_graph(graph, survey) : -1;

	for (size_t i = 0; result == 0 && i < survey->count; i++) {
		struct survey_service *service = &survey->services[i];

		if (strcmp(service->state.phase, "waiting") != 0)
			continue;
		service->waits_for = name_in(
			survey, service,
			graph_waits_for(graph_find(graph, service->name)));
	}
	graph_free(graph);
	return result;
}

int survey_take(const char *scan_dir, struct survey *survey)
{
	DIR *names = opendir(scan_dir);
	struct reading reading = {.survey = survey, .names = names};
	size_t known;
	int error, result = -1;

	*survey = (struct survey){NULL, 0};
	if (!names)
		return -1;
	find_mounts(&reading, scan_dir);
	if (read_services(&reading) == -1)
		goto out;
	known = survey->count;
	for (size_t i = 0; i < known; i++) {
		if (read_service(survey, known, i, dirfd(names)) == -1)
			goto out;
	}
	result = find_who_waits(survey);
out:
	error = errno;
	mounts_free(&reading.mounts);
	closedir(names);
	if (result == -1)
		survey_free(survey);
	errno = error;
	return result;
}

/* ---- the critical path ---- */

struct walk {
	const struct survey *survey;
	bool *is_met; /* owned; of bundles */
	int64_t before_ns;
	size_t latest; /* survey->count: none yet */
};

/* Those that were ready in time for the start; of a bundle its members. */
static void consider(struct walk *walk, size_t i)
{
	const struct survey_service *services = walk->survey->services;
	const struct survey_service *service = &services[i];

	if (service->is_bundle) {
		if (walk->is_met[i])
			return;
		walk->is_met[i] = true;
		for (size_t j = 0; j < service->edge_count; j++)
			consider(walk, service->edges[j].to);
		return;
	}
	if (service->ready_ns == SURVEY_NEVER ||
	    service->ready_ns > walk->before_ns)
		return;
	if (walk->latest == walk->survey->count ||
	    service->ready_ns > services[walk->latest].ready_ns)
		walk->latest = i;
}

/* What the service waited for longest; survey->count: for nothing. */
static size_t find_last_awaited(const struct survey *survey, size_t i)
{
	const struct survey_service *service = &survey->services[i];
	struct walk walk = {
		.survey = survey,
		.is_met = calloc(survey->count, sizeof(*walk.is_met)),
		.before_ns = service->began_ns,
		.latest = survey->count,
	};

	for (size_t j = 0; walk.is_met && j < service->edge_count; j++)
		consider(&walk, service->edges[j].to);
	free(walk.is_met);
	return walk.latest;
}

static void reverse(size_t *items, size_t count)
{
	for (size_t i = 0; i < count / 2; i++) {
		size_t item = items[i];

		items[i] = items[count - 1 - i];
		items[count - 1 - i] = item;
	}
}

size_t survey_critical_path(const struct survey *survey, size_t *path)
{
	size_t at = survey->count, count = 0;

	for (size_t i = 0; i < survey->count; i++) {
		if (survey->services[i].ready_ns != SURVEY_NEVER &&
		    (at == survey->count ||
		     survey->services[i].ready_ns >
			     survey->services[at].ready_ns))
			at = i;
	}
	/* Moments that are the same could lead round a circle. */
	while (at < survey->count && count < survey->count) {
		path[count++] = at;
		at = find_last_awaited(survey, at);
	}
	reverse(path, count);
	return count;
}
