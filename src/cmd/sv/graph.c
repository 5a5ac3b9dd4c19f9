/* graph.c -- see graph.h. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/options.h"
#include "client/survey.h"
#include "cmd/sv/command.h"
#include "cmd/sv/graph.h"
#include "service/scan_dir.h"
#include "view/overview.h"
#include "view/row.h"

#define MS_NS 1000000

struct picture {
	struct survey survey;
	size_t *path; /* owned: the critical one */
	size_t path_count;
	bool *is_shown; /* owned; with all that follows from it */
};

static const struct {
	const char *word;  /* between a service and what it waits for */
	const char *style; /* of Graphviz */
} edges[GRAPH_KIND_COUNT] = {
	[GRAPH_NEEDS] = {"needs ", "solid"},
	[GRAPH_WANTS] = {"wants ", "dashed"},
	[GRAPH_AFTER] = {"after ", "dotted"},
	[GRAPH_CONTAINS] = {"", "bold"},
};

/* ---- pieces of text ---- */

/* Names may hold any byte; a terminal shall not take them for commands. */
static void print_name(const char *name)
{
	for (; *name; name++) {
		unsigned char c = (unsigned char)*name;

		putchar(c < ' ' || c == 0x7f ? '?' : c);
	}
}

static void print_seconds(int64_t ns)
{
	int64_t ms = (ns + MS_NS / 2) / MS_NS;

	printf("%" PRId64 ".%03" PRId64 " s", ms / 1000, ms % 1000);
}

static bool is_ready(const struct survey_service *service)
{
	return service->ready_ns != SURVEY_NEVER &&
	       service->began_ns != SURVEY_NEVER;
}

/* In the words of the table. */
static void print_state(const struct survey_service *service)
{
	const struct row_moment moment = overview_moment();
	char room[512];
	struct strb text = strb_on(room, sizeof(room));
	static struct row row; /* large */

	row_judge(service, &moment, &row);
	row_describe(&row, &text);
	fputs(room, stdout);
}

static void print_how(const struct survey_service *service)
{
	if (service->is_missing) {
		printf("there is none");
	} else if (service->is_bundle) {
		printf("bundle");
	} else if (!service->has_state) {
		printf("not supervised");
	} else if (is_ready(service)) {
		printf("ready after ");
		print_seconds(service->ready_ns - service->began_ns);
	} else if (service->waits_for) {
		printf("waiting for ");
		print_name(service->waits_for);
	} else {
		print_state(service);
	}
}

/* ---- the tree ---- */

static void print_line(const struct survey_service *service, unsigned depth,
		       const char *word, const char *remark)
{
	printf("%*s%s", (int)(2 * depth), "", word);
	print_name(service->name);
	printf(": ");
	print_how(service);
	puts(remark);
}

/* Each service with all that it waits for once; then it is only named. */
static void print_tree(struct picture *picture, size_t i, unsigned depth,
		       const char *word)
{
	const struct survey_service *service = &picture->survey.services[i];
	bool was_shown = picture->is_shown[i] && service->edge_count != 0;

	print_line(service, depth, word, was_shown ? " (as above)" : "");
	if (was_shown)
		return;
	picture->is_shown[i] = true;
	for (size_t j = 0; j < service->edge_count; j++)
		print_tree(picture, service->edges[j].to, depth + 1,
			   edges[service->edges[j].kind].word);
}

static void print_path(const struct picture *picture)
{
	const struct survey_service *services = picture->survey.services;
	int64_t began_ns;

	if (picture->path_count == 0)
		return;
	began_ns = services[picture->path[0]].began_ns;
	printf("\ncritical path of the last start: ");
	print_seconds(
		services[picture->path[picture->path_count - 1]].ready_ns -
		began_ns);
	putchar('\n');
	for (size_t i = 0; i < picture->path_count; i++) {
		const struct survey_service *service =
			&services[picture->path[i]];

		printf("  at ");
		print_seconds(service->began_ns - began_ns);
		printf(" ");
		print_name(service->name);
		printf(": ");
		print_how(service);
		putchar('\n');
	}
}

static void print_trees(struct picture *picture)
{
	const struct survey *survey = &picture->survey;

	for (size_t i = 0; i < survey->count; i++) {
		if (!survey->services[i].is_needed)
			print_tree(picture, i, 0, "");
	}
	/* What is left goes round in circles. */
	for (size_t i = 0; i < survey->count; i++) {
		if (!picture->is_shown[i])
			print_tree(picture, i, 0, "");
	}
	print_path(picture);
}

/* ---- for Graphviz ---- */

static void print_quoted(const char *name)
{
	for (; *name; name++) {
		unsigned char c = (unsigned char)*name;

		if (c == '"' || c == '\\')
			putchar('\\');
		putchar(c < ' ' || c == 0x7f ? '?' : c);
	}
}

static bool is_on_path(const struct picture *picture, size_t from, size_t to)
{
	for (size_t i = 1; i < picture->path_count; i++) {
		if (picture->path[i] == from && picture->path[i - 1] == to)
			return true;
	}
	return false;
}

static void print_dot_service(const struct picture *picture, size_t i)
{
	const struct survey_service *service = &picture->survey.services[i];

	printf("\t\"");
	print_quoted(service->name);
	printf("\" [label=\"");
	print_quoted(service->name);
	printf("\\n");
	print_how(service);
	printf("\"%s];\n", service->is_bundle    ? ", shape=folder"
			   : service->is_missing ? ", style=dashed"
						 : "");
	for (size_t j = 0; j < service->edge_count; j++) {
		size_t to = service->edges[j].to;

		printf("\t\"");
		print_quoted(service->name);
		printf("\" -> \"");
		print_quoted(picture->survey.services[to].name);
		printf("\" [style=%s%s];\n",
		       edges[service->edges[j].kind].style,
		       is_on_path(picture, i, to) ? ", color=red" : "");
	}
}

static void print_dot(const struct picture *picture)
{
	puts("digraph services {\n\tnode [shape=box];");
	for (size_t i = 0; i < picture->survey.count; i++) {
		if (picture->is_shown[i])
			print_dot_service(picture, i);
	}
	puts("}");
}

/* Shows it, and all that follows from it. */
static void mark(struct picture *picture, size_t i)
{
	const struct survey_service *service = &picture->survey.services[i];

	if (picture->is_shown[i])
		return;
	picture->is_shown[i] = true;
	for (size_t j = 0; j < service->edge_count; j++)
		mark(picture, service->edges[j].to);
}

/* All that has the name, or everything if that is NULL. */
static void mark_from(struct picture *picture, const char *name)
{
	for (size_t i = 0; i < picture->survey.count; i++) {
		const struct survey_service *service =
			&picture->survey.services[i];

		if (!name ||
		    (!service->is_missing && strcmp(service->name, name) == 0))
			mark(picture, i);
	}
}

static bool shows_any(const struct picture *picture)
{
	for (size_t i = 0; i < picture->survey.count; i++) {
		if (picture->is_shown[i])
			return true;
	}
	return false;
}

/* A tree; or, if `is_dot`, a graph, of `name` or, if that is NULL, of all. */
static int print_graph(const char *scan_dir, bool is_dot, const char *name)
{
	struct picture picture = {.path = NULL};
	int result = -1;

	if (survey_take(scan_dir, &picture.survey) == -1)
		return -1;
	/* One more, so that nothing of nothing isn't asked for. */
	picture.path = calloc(picture.survey.count + 1, sizeof(*picture.path));
	picture.is_shown =
		calloc(picture.survey.count + 1, sizeof(*picture.is_shown));
	if (!picture.path || !picture.is_shown)
		goto out;
	picture.path_count =
		survey_critical_path(&picture.survey, picture.path);
	if (is_dot)
		mark_from(&picture, name);
	errno = ENOENT;
	if (name && !shows_any(&picture))
		goto out;
	if (is_dot)
		print_dot(&picture);
	else
		print_trees(&picture);
	result = fflush(stdout) == 0 ? 0 : -1;
out:
	free(picture.path);
	free(picture.is_shown);
	survey_free(&picture.survey);
	return result;
}

int graph_print_from(const char *scan_dir, const char *name)
{
	return print_graph(scan_dir, true, name);
}

int graph_command(const char *scan_dir, int argc, char *argv[])
{
	static const struct option words[] = {
		{"dot", no_argument, NULL, 'D'},
		{NULL, 0, NULL, 0},
	};
	bool is_dot = false;
	int letter;

	while ((letter = options_next_long(argc, argv, "+:", words)) != -1) {
		if (letter != 'D')
			return COMMAND_MISUSED;
		is_dot = true;
	}
	if (argc - optind > 1)
		return COMMAND_MISUSED;
	scan_dir = scan_dir_find(argv[optind] ? argv[optind] : scan_dir);
	if (print_graph(scan_dir, is_dot, NULL) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to show %s", scan_dir);
	return 0;
}
