/* row_json.c -- rows and pages as JSON objects; see page.h. */
#include <limits.h>
#include <string.h>

#include "base/signame.h"
#include "view/limits.h"
#include "view/object.h"
#include "view/page.h"

static const char *const kinds[GRAPH_KIND_COUNT] = {
	[GRAPH_NEEDS] = "needs",
	[GRAPH_WANTS] = "wants",
	[GRAPH_AFTER] = "after",
	[GRAPH_CONTAINS] = "contains",
};

static void put_end(struct object *object, const char *key,
		    const struct row_end *end)
{
	char name[SIGNAME_SIZE];

	if (end->how == ROW_END_NONE) {
		object_null(object, key);
		return;
	}
	object_begin(object, key);
	object_number_if(object, "exit_code", end->how == ROW_END_EXIT,
			 end->number);
	object_text(object, "signal",
		    end->how == ROW_END_SIGNAL ? signame_of(end->number, name)
					       : NULL);
	object_flag(object, "core_dumped", end->has_dumped);
	object_flag(object, "out_of_memory", end->was_starved);
	object_time(object, "time", end->at_s);
	object_end(object);
}

static void put_row(struct object *object, const struct row *row)
{
	static const char *const healths[] = {
		[ROW_BAD] = "bad",
		[ROW_BUSY] = "busy",
		[ROW_GOOD] = "good",
		[ROW_IDLE] = "idle",
	};
	char room[1024];
	struct strb text = strb_on(room, sizeof(room));
	bool has_usage = row->usage.process_count > 0;

	row_describe(row, &text);
	object_text(object, "service", row->name);
	object_text(object, "state", row_word(row->state));
	object_text(object, "health", healths[row_health(row)]);
	object_text(object, "description", room);
	object_flag(object, "supervised", row->is_hosted);
	object_time(object, "since", row->since_s);
	object_number_if(object, "pid", row->pid != 0, row->pid);
	object_number_if(object, "restarts", row->restarts >= 0, row->restarts);
	object_number_if(object, "processes", has_usage,
			 (int64_t)row->usage.process_count);
	object_number_if(object, "memory_bytes", has_usage,
			 row->usage.memory_bytes);
	object_number_if(object, "cpu_ms", has_usage, row->usage.cpu_ms);
	object_text(object, "waits_for", row->waits_for);
	object_text(object, "hangs_at", row->hangs_at);
	object_number_if(object, "restart_in_ms", row->state == ROW_RESTARTING,
			 row->due_ns / 1000000);
	put_end(object, "last_end", &row->end);
	object_text(object, "log_trouble", row->log_trouble);
	object_text(object, "log_line",
		    row->log_line[0] ? row->log_line : NULL);
}

/* ---- what pages have besides ---- */

static void put_process(void *owner, const struct process *process,
			unsigned depth)
{
	struct object *object = owner;

	object_begin(object, NULL);
	object_number(object, "pid", process->pid);
	object_number(object, "parent", process->parent_pid);
	object_number(object, "depth", depth);
	object_text(object, "name", process->name);
	object_number(object, "memory_bytes", process->memory_bytes);
	object_number(object, "cpu_ms", process->cpu_ms);
	object_end(object);
}

static void put_edge(struct object *object, const struct overview *overview,
		     enum graph_kind kind, const struct survey_service *other)
{
	const struct row *row = overview_find(overview, other->name);

	object_begin(object, NULL);
	object_text(object, "service", other->name);
	object_text(object, "kind", kinds[kind]);
	object_text(object, "state", row ? row_word(row->state) : NULL);
	object_end(object);
}

static void put_edges(struct object *object, const struct overview *overview,
		      const struct survey_service *self)
{
	const struct survey *survey = &overview->survey;
	size_t own = (size_t)(self - survey->services);

	object_begin_array(object, "depends_on");
	for (size_t i = 0; i < self->edge_count; i++)
		put_edge(object, overview, self->edges[i].kind,
			 &survey->services[self->edges[i].to]);
	object_end_array(object);
	object_begin_array(object, "depended_on_by");
	for (size_t i = 0; i < survey->count; i++) {
		const struct survey_service *other = &survey->services[i];

		for (size_t j = 0; j < other->edge_count; j++) {
			if (other->edges[j].to == own)
				put_edge(object, overview, other->edges[j].kind,
					 other);
		}
	}
	object_end_array(object);
}

static void put_variable(void *owner, const char *name, const char *value)
{
	(void)value; /* may be a secret */
	object_text(owner, NULL, name);
}

static void put_limit(void *owner, const struct limit *limit)
{
	struct object *object = owner;

	object_begin(object, limit->name);
	object_text(object, "soft", limit->soft);
	object_text(object, "hard", limit->hard);
	object_end(object);
}

static void put_line(void *owner, const char *time, const char *line)
{
	struct object *object = owner;

	object_begin(object, NULL);
	object_text(object, "time", *time ? time : NULL);
	object_text(object, "message", line);
	object_end(object);
}

static void put_deaths(struct object *object, const char *path,
		       const struct row_end *last)
{
	struct row_end deaths[PAGE_DEATHS];
	size_t count = page_deaths(path, last, deaths);

	object_begin_array(object, "deaths");
	for (size_t i = 0; i < count; i++)
		put_end(object, NULL, &deaths[i]);
	object_end_array(object);
}

static void put_whole(struct object *object, struct overview *overview,
		      const struct row *row)
{
	const struct state *state = &row->service->state;
	char path[PATH_MAX], room[2048];
	struct strb advice = strb_on(room, sizeof(room));

	if (!page_path(overview, row, path, sizeof(path)))
		return;
	row_advise(row, overview->scan_dir, &advice);
	object_text(object, "advice", advice.len > 0 ? room : NULL);
	object_text(object, "directory", path);
	object_text(object, "wanted",
		    row->service->has_state ? state->want : NULL);
	object_text(object, "status_text",
		    state->status_text[0] ? state->status_text : NULL);
	object_begin_array(object, "process_tree");
	proctree_each(&overview->tree, row->seen_pid, put_process, object);
	object_end_array(object);
	put_edges(object, overview, row->service);
	put_deaths(object, path, &row->end);
	object_begin_array(object, "environment");
	page_each_variable(path, put_variable, object);
	object_end_array(object);
	object_begin(object, "limits");
	if (row->seen_pid != 0)
		limits_each(row->seen_pid, put_limit, object);
	object_end(object);
	object_begin_array(object, "log");
	page_each_line(row->name, overview->scan_dir, PAGE_LINES, put_line,
		       object);
	object_end_array(object);
}

void page_print_json(struct overview *overview, const struct row *row,
		     bool is_whole, FILE *out)
{
	struct object object = {.file = out};

	object_begin(&object, NULL);
	put_row(&object, row);
	if (is_whole)
		put_whole(&object, overview, row);
	object_end(&object);
}
