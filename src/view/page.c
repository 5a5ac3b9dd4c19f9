/* page.c -- see page.h. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/calendar.h"
#include "view/limits.h"
#include "view/page.h"
#include "view/table.h"
#include "view/text.h"

/* Where what is said of a thing begins; before it stands what thing it is. */
#define INDENT     13
#define LINE_BYTES 4096

struct printer {
	struct overview *overview;
	const struct row *row;
	const struct page_style *style;
	FILE *out;
	const char *heading; /* of the next line; NULL: it was said */
	char names_room[LINE_BYTES];
	struct strb names;
};

/* ---- lines ---- */

/* A line of the page: its heading, and text that is made fit. */
static void print_line(struct printer *printer, const char *heading,
		       const char *text)
{
	char room[LINE_BYTES];
	struct strb line = strb_on(room, sizeof(room));

	text_add_right(&line, heading ? heading : "", INDENT - 2);
	strb_add(&line, "  ");
	text_add_shown(&line, text, printer->style->width - INDENT);
	fprintf(printer->out, "%s\n", room);
}

/* The first of a list has the heading. */
static void print_item(struct printer *printer, const char *text)
{
	print_line(printer, printer->heading, text);
	printer->heading = NULL;
}

static void print_wrapped(struct printer *printer, const char *heading,
			  const char *text)
{
	char room[LINE_BYTES];
	struct strb line = strb_on(room, sizeof(room));

	text_add_right(&line, heading, INDENT - 2);
	strb_add(&line, "  ");
	text_add_wrapped(&line, text, INDENT, printer->style->width);
	fprintf(printer->out, "%s\n", room);
}

static void add_moment(struct strb *text, int64_t unix_s)
{
	struct calendar calendar = {.is_utc = false};
	struct timespec moment = {.tv_sec = (time_t)unix_s};
	char room[CALENDAR_SIZE];
	size_t len = calendar_format(&calendar, moment, room);
	const char *dot = len ? memchr(room, '.', len) : NULL;

	if (dot)
		strb_add_bytes(text, room, (size_t)(dot - room));
}

/* ---- parts ---- */

static void print_title(struct printer *printer)
{
	const struct row *row = printer->row;
	char room[LINE_BYTES], state[LINE_BYTES];
	struct strb line = strb_on(room, sizeof(room));
	struct strb text = strb_on(state, sizeof(state));
	bool has_colour = printer->style->has_colour;
	size_t used;

	used = text_add_shown(&line, row->name, printer->style->width / 2);
	strb_add(&line, "  ");
	row_describe(row, &text);
	if (has_colour)
		strb_add_format(&line, "\033[%sm",
				table_colour(row_health(row)));
	text_add_shown(&line, state, printer->style->width - used - 2);
	if (has_colour)
		strb_add(&line, "\033[m");
	fprintf(printer->out, "%s\n", room);
}

static void print_advice(struct printer *printer)
{
	char room[LINE_BYTES];
	struct strb text = strb_on(room, sizeof(room));

	row_advise(printer->row, printer->overview->scan_dir, &text);
	if (text.len > 0)
		print_wrapped(printer, "what to do", room);
}

static void print_times(struct printer *printer)
{
	const struct row *row = printer->row;
	const struct state *state = &row->service->state;
	char room[LINE_BYTES];
	struct strb text = strb_on(room, sizeof(room));
	int64_t now_s = printer->overview->moment.now.tv_sec;
	/* Both as the clock was then. */
	int64_t changed_s = row->service->look.status.changed_at.tv_sec;
	struct timespec ready_at;

	if (row->since_s != 0) {
		text_add_span(&text, now_s - row->since_s);
		strb_add(&text, ", since ");
		add_moment(&text, row->since_s);
		if (row->service->has_state && state->is_ready &&
		    strlen(state->ready_at) == TAI64N_LABEL_SIZE &&
		    tai64n_parse(state->ready_at, &ready_at)) {
			strb_add(&text, ", ready after ");
			text_add_span(&text, ready_at.tv_sec - changed_s);
		}
		print_line(printer, "for", room);
	}
	if (!row->service->has_state)
		return;
	text = strb_on(room, sizeof(room));
	strb_add_format(&text, "%" PRId64 ", deaths %" PRId64 ", wanted %s",
			row->restarts, state->deaths, state->want);
	print_line(printer, "restarts", room);
	if (state->status_text[0] != '\0')
		print_line(printer, "it says", state->status_text);
}

static void print_process(void *owner, const struct process *process,
			  unsigned depth)
{
	struct printer *printer = owner;
	char room[LINE_BYTES];
	struct strb text = strb_on(room, sizeof(room));

	strb_add_format(&text, "%*s%" PRId64 " %s  ", (int)(2 * depth), "",
			process->pid, process->name);
	text_add_bytes(&text, process->memory_bytes);
	strb_add(&text, "  cpu ");
	text_add_cpu(&text, process->cpu_ms);
	if (process->state == 'Z')
		strb_add(&text, "  (ended, not reaped by its parent)");
	else if (process->state == 'T')
		strb_add(&text, "  (stopped)");
	else if (process->state == 'D')
		strb_add(&text, "  (waits for a device or file system)");
	print_item(printer, room);
}

static void print_processes(struct printer *printer)
{
	const struct row *row = printer->row;
	char room[LINE_BYTES];
	struct strb text = strb_on(room, sizeof(room));

	if (row->usage.process_count == 0) {
		if (row->pid != 0) {
			strb_add_format(&text, "%" PRId64, row->pid);
			print_line(printer, "pid", room);
		}
		return;
	}
	text_add_bytes(&text, row->usage.memory_bytes);
	strb_add(&text, ", cpu ");
	text_add_cpu(&text, row->usage.cpu_ms);
	strb_add_format(&text, ", %zu process%s", row->usage.process_count,
			row->usage.process_count == 1 ? "" : "es");
	print_line(printer, "memory", room);
	printer->heading = "processes";
	proctree_each(&printer->overview->tree, row->seen_pid, print_process,
		      printer);
}

/* ---- dependencies ---- */

static const char *const verbs[GRAPH_KIND_COUNT] = {
	[GRAPH_NEEDS] = "needs",
	[GRAPH_WANTS] = "wants",
	[GRAPH_AFTER] = "after",
	[GRAPH_CONTAINS] = "contains",
};

static void print_edge(struct printer *printer, const char *verb,
		       const struct survey_service *other)
{
	const struct row *row = overview_find(printer->overview, other->name);
	char room[LINE_BYTES];
	struct strb text = strb_on(room, sizeof(room));

	strb_add_format(&text, "%s %s: ", verb, other->name);
	if (row)
		row_describe(row, &text);
	print_item(printer, room);
}

static void print_dependencies(struct printer *printer)
{
	const struct survey *survey = &printer->overview->survey;
	const struct survey_service *self = printer->row->service;
	size_t own = (size_t)(self - survey->services);

	printer->heading = "depends";
	for (size_t i = 0; i < self->edge_count; i++)
		print_edge(printer, verbs[self->edges[i].kind],
			   &survey->services[self->edges[i].to]);
	printer->heading = "dependents";
	for (size_t i = 0; i < survey->count; i++) {
		const struct survey_service *other = &survey->services[i];

		for (size_t j = 0; j < other->edge_count; j++) {
			static const char *const others[GRAPH_KIND_COUNT] = {
				[GRAPH_NEEDS] = "needed by",
				[GRAPH_WANTS] = "wanted by",
				[GRAPH_AFTER] = "before",
				[GRAPH_CONTAINS] = "part of",
			};

			if (other->edges[j].to == own)
				print_edge(printer,
					   others[other->edges[j].kind], other);
		}
	}
}

/* ---- files ---- */

static void print_deaths(struct printer *printer, const char *path)
{
	struct row_end deaths[PAGE_DEATHS];
	size_t count = page_deaths(path, &printer->row->end, deaths);
	int64_t now_s = printer->overview->moment.now.tv_sec;

	printer->heading = "past deaths";
	for (size_t i = count; i > 0; i--) {
		char room[LINE_BYTES];
		struct strb text = strb_on(room, sizeof(room));

		add_moment(&text, deaths[i - 1].at_s);
		strb_add(&text, "  ");
		row_add_end(&deaths[i - 1], &text);
		strb_add(&text, ", ");
		text_add_span(&text, now_s - deaths[i - 1].at_s);
		strb_add(&text, " ago");
		print_item(printer, room);
	}
}

static void take_variable(void *owner, const char *name, const char *value)
{
	struct printer *printer = owner;
	char room[LINE_BYTES];
	struct strb text = strb_on(room, sizeof(room));

	if (!printer->style->has_values) {
		strb_add_format(&printer->names, "%s%s",
				printer->names.len ? " " : "", name);
		return;
	}
	strb_add_format(&text, "%s=%s", name, value);
	print_item(printer, room);
}

static void print_environment(struct printer *printer, const char *path)
{
	printer->heading = "environment";
	printer->names =
		strb_on(printer->names_room, sizeof(printer->names_room));
	page_each_variable(path, take_variable, printer);
	if (printer->names.len > 0)
		print_wrapped(printer, "env has", printer->names_room);
}

/* Those that a service may run into. */
static bool is_notable(const struct limit *limit)
{
	static const char *const names[] = {
		"cpu time",   "file size",     "data size", "resident set",
		"open files", "address space", "processes",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(limit->name, names[i]) == 0)
			return strcmp(limit->soft, "unlimited") != 0;
	}
	return false;
}

static void take_limit(void *owner, const struct limit *limit)
{
	struct printer *printer = owner;
	struct strb *text = &printer->names;

	if (!is_notable(limit))
		return;
	strb_add_format(text, "%s%s %s", text->len ? ", " : "", limit->name,
			limit->soft);
	if (strcmp(limit->soft, limit->hard) != 0)
		strb_add_format(text, " (at most %s)", limit->hard);
}

static void print_limits(struct printer *printer)
{
	if (printer->row->seen_pid == 0)
		return;
	printer->names =
		strb_on(printer->names_room, sizeof(printer->names_room));
	limits_each(printer->row->seen_pid, take_limit, printer);
	if (printer->names.len > 0)
		print_wrapped(printer, "limits", printer->names_room);
}

/* ---- log ---- */

static void print_logger(struct printer *printer, const char *path)
{
	char room[LINE_BYTES];
	struct strb text = strb_on(room, sizeof(room));
	struct row_moment moment = printer->overview->moment;
	struct survey_service logger = {.name = room};
	struct row row;
	int dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int log_fd = dir_fd == -1 ? -1 : look_open_log(dir_fd);

	if (dir_fd != -1)
		close(dir_fd);
	if (log_fd == -1)
		return;
	look_take(log_fd, &logger.look, NULL);
	close(log_fd);
	logger.has_state = !logger.look.trouble && logger.look.has_state;
	logger.state = logger.look.state;
	row_judge(&logger, &moment, &row);
	row_describe(&row, &text);
	if (row.since_s != 0 && row.is_hosted) {
		strb_add(&text, " for ");
		text_add_span(&text, moment.now.tv_sec - row.since_s);
	}
	if (row.pid != 0 && row.is_hosted)
		strb_add_format(&text, ", pid %" PRId64, row.pid);
	print_line(printer, "logger", room);
}

static void take_line(void *owner, const char *time, const char *line)
{
	struct printer *printer = owner;
	char room[LINE_BYTES], shown[LINE_BYTES];
	struct strb text = strb_on(room, sizeof(room));
	struct strb out = strb_on(shown, sizeof(shown));

	if (printer->heading)
		fprintf(printer->out, "\n%s\n", printer->heading);
	printer->heading = NULL;
	strb_add_format(&text, "%s%s%s", time, *time ? " " : "", line);
	text_add_shown(&out, room, printer->style->width - 2);
	fprintf(printer->out, "  %s\n", shown);
}

static bool has_log(const struct printer *printer)
{
	char path[PATH_MAX], room[PATH_MAX + sizeof("/log")];
	struct strb text = strb_on(room, sizeof(room));
	struct stat status;

	if (!page_path(printer->overview, printer->row, path, sizeof(path)))
		return true;
	strb_add_format(&text, "%s/log", path);
	return stat(room, &status) == 0 || errno != ENOENT;
}

static void print_log(struct printer *printer)
{
	const struct row *row = printer->row;

	printer->heading = "last lines of the log";
	if (page_each_line(row->name, printer->overview->scan_dir, PAGE_LINES,
			   take_line, printer) &&
	    printer->heading)
		print_line(printer, "log", "is empty");
	else if (printer->heading)
		print_line(printer, "log",
			   has_log(printer) ? "none that can be read"
					    : "none: what it writes goes where "
					      "svscan's messages go");
}

void page_print(struct overview *overview, const struct row *row,
		const struct page_style *style, FILE *out)
{
	struct printer printer = {
		.overview = overview, .row = row, .style = style, .out = out};
	char path[PATH_MAX];

	print_title(&printer);
	print_advice(&printer);
	if (!page_path(overview, row, path, sizeof(path)))
		return;
	print_line(&printer, "directory", path);
	print_times(&printer);
	print_processes(&printer);
	print_dependencies(&printer);
	print_deaths(&printer, path);
	print_environment(&printer, path);
	print_limits(&printer);
	print_logger(&printer, path);
	print_log(&printer);
}
