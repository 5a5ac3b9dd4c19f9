/* lint_live.c -- see lint.h; processes, and what services need of each other.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "make/lint.h"
#include "make/shell.h"
#include "service/graph.h"

#define SCRIPT_SIZE 65536
#define TEXT_SIZE   1024

/* ---- processes ---- */

static bool is_shell_name(const char *name)
{
	return strcmp(name, "sh") == 0 || strcmp(name, "bash") == 0 ||
	       strcmp(name, "dash") == 0 || strcmp(name, "ksh") == 0 ||
	       strcmp(name, "run") == 0;
}

/* The only child; NULL: there is none, or there are several. */
static const struct process *only_child(const struct proctree *tree,
					int64_t pid)
{
	const struct process *found = NULL;

	for (size_t i = 0; i < tree->count; i++) {
		if (tree->all[i].parent_pid != pid)
			continue;
		if (found)
			return NULL;
		found = &tree->all[i];
	}
	return found;
}

/*
 * A shell that waits for one child, of a script that has no reason to: nothing
 * in it says that more is to be done. What the text alone tells is told of by
 * lint_directory().
 */
static void look_at_shell(struct lint *lint, int dir_fd, int64_t pid,
			  const struct proctree *tree)
{
	static char text[SCRIPT_SIZE]; /* large */
	const struct process *shell = proctree_find(tree, pid);
	const struct process *child = only_child(tree, pid);
	struct script_look look;
	char problem[TEXT_SIZE];
	long len;

	if (!shell || !child || !is_shell_name(shell->name))
		return;
	len = fd_read_file(dir_fd, "run", text, sizeof(text) - 1);
	if (len <= 0)
		return;
	text[len] = '\0';
	script_look(text, (size_t)len, &look);
	if (look.kind != SCRIPT_SHELL || look.has_loop || look.is_parent ||
	    !look.is_sure)
		return;
	snprintf(problem, sizeof(problem),
		 "the service's process %lld is a shell that waits for %s",
		 (long long)pid, child->name);
	lint_tell(lint, "run", problem, "put exec before that command");
}

/* What was in the session of the last run, and runs on without it. */
static const struct process *find_left(const struct proctree *tree,
				       int64_t session_pid)
{
	if (session_pid <= 0 || proctree_find(tree, session_pid))
		return NULL;
	for (size_t i = 0; i < tree->count; i++) {
		if (tree->all[i].session_pid == session_pid &&
		    tree->all[i].state != 'Z')
			return &tree->all[i];
	}
	return NULL;
}

static bool exits_well(const struct state *state)
{
	return strcmp(state->last_end, "exit") == 0 && state->last_number == 0;
}

void lint_processes(struct lint *lint, int dir_fd, const struct look *look,
		    unsigned recent_deaths, const struct proctree *tree)
{
	const struct state *state = &look->state;
	const struct process *left;
	char problem[TEXT_SIZE];
	struct era own;

	era_read(&own);
	if (look->trouble || !look->has_state ||
	    era_relate(&state->era, &own) != ERA_SAME)
		return;
	if (state->pid != 0 && strcmp(state->phase, "up") == 0)
		look_at_shell(lint, dir_fd, state->pid, tree);
	left = find_left(tree, state->last_pid);
	if (left) {
		snprintf(problem, sizeof(problem),
			 "it has ended, but %s (pid %lld) that it started runs "
			 "on",
			 left->name, (long long)left->pid);
		lint_tell(lint, "run", problem,
			  "find its option to stay in the foreground, and end "
			  "it: kill %lld",
			  (long long)left->pid);
	} else if (recent_deaths >= SURVEY_DEATHS && exits_well(state)) {
		lint_tell(lint, "run",
			  "it ends well as soon as it is started, again and "
			  "again",
			  "if the program goes into the background, find its "
			  "option to stay in the foreground; if its work is "
			  "done, write never into restart");
	}
}

/* ---- needs ---- */

struct needs {
	struct lint *lint;
	const char *name;
};

static void on_cycle(void *with, const char *path)
{
	const struct needs *needs = with;
	char problem[TEXT_SIZE];
	size_t len = strlen(needs->name);

	/* Told of at each service of the circle: " NAME " in " a -> b -> a ".
	 */
	for (const char *at = path; (at = strstr(at, needs->name)); at++) {
		bool begins = at == path || at[-1] == ' ';

		if (!begins || (at[len] != ' ' && at[len] != '\0'))
			continue;
		snprintf(problem, sizeof(problem), "it waits for itself: %s",
			 path);
		lint_tell(needs->lint, "", problem,
			  "remove one of these from dependencies.d, wants.d or "
			  "after.d");
		return;
	}
}

static void on_missing(void *with, const char *name, const char *missing)
{
	const struct needs *needs = with;
	char file[TEXT_SIZE];

	if (strcmp(name, needs->name) != 0)
		return;
	snprintf(file, sizeof(file), "dependencies.d/%s", missing);
	lint_tell(needs->lint, file,
		  "no service has that name, so this one never starts again",
		  "sv add %s, or sv enable it, or remove this file", missing);
}

static int fill(struct graph *graph, const struct survey *survey)
{
	for (size_t i = 0; i < survey->count; i++) {
		const struct survey_service *service = &survey->services[i];
		struct graph_node *node;

		if (service->is_missing)
			continue;
		node = graph_bind(graph, service->name, (void *)service);
		if (!node)
			return -1;
		graph_set_bundle(graph, node, service->is_bundle);
		for (size_t j = 0; j < service->edge_count; j++) {
			const struct survey_edge *edge = &service->edges[j];

			if (graph_add(graph, node, edge->kind,
				      survey->services[edge->to].name) == -1)
				return -1;
		}
	}
	return 0;
}

int lint_needs(struct lint *lint, const struct survey *survey, const char *name)
{
	struct needs needs = {lint, name};
	const struct graph_report report = {on_cycle, on_missing, &needs};
	struct graph *graph = graph_new();
	int result = graph ? fill(graph, survey) : -1;

	if (result == 0)
		graph_check(graph, &report);
	graph_free(graph);
	return result;
}
