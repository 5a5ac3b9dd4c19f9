/* status.c -- see status.h. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/calendar.h"
#include "base/diag.h"
#include "base/options.h"
#include "cmd/sv/command.h"
#include "cmd/sv/control.h"
#include "cmd/sv/screen.h"
#include "cmd/sv/status.h"
#include "service/scan_dir.h"
#include "view/page.h"
#include "view/table.h"
#include "view/text.h"

#define SOME_IN_TROUBLE 1
#define FAILED_MOST     99 /* as runit's sv */

static void take_or_die(struct overview *overview, const char *scan_dir,
			bool has_logs)
{
	if (overview_take(overview, scan_dir, has_logs) == 0)
		return;
	if (errno == ENOENT)
		diag_die(EXIT_SYSTEM,
			 "there is no %s: where services are is said by -d, or "
			 "SVDIR",
			 scan_dir);
	diag_die_errno(EXIT_SYSTEM, "unable to read %s", scan_dir);
}

/* ---- tables ---- */

static void print_coloured(const struct row *row, const char *line,
			   const struct table_mark *mark, FILE *out)
{
	const char *end = line + mark->offset + mark->len;

	fprintf(out, "%.*s\033[%sm%.*s\033[m%s\n", (int)mark->offset, line,
		table_colour(row_health(row)), (int)mark->len,
		line + mark->offset, end);
}

static void print_table(const struct overview *overview,
			const struct screen *screen, FILE *out)
{
	struct table table = {.has_shares = false};
	char room[TABLE_LINE_SIZE];
	struct strb line = strb_on(room, sizeof(room));

	overview_add_title(overview, "", screen->width, &line);
	fprintf(out, "%s\n", room);
	if (overview->count == 0)
		return;
	table_plan(&table, overview->rows, overview->count, &overview->moment,
		   screen->width);
	line = strb_on(room, sizeof(room));
	table_add_heading(&table, &line);
	fprintf(out, screen->has_colour ? "\033[1m%s\033[m\n" : "%s\n", room);
	for (size_t i = 0; i < overview->count; i++) {
		const struct row *row = &overview->rows[i];
		struct table_mark mark;

		line = strb_on(room, sizeof(room));
		table_add_row(&table, row, &overview->moment, &line, &mark);
		if (screen->has_colour)
			print_coloured(row, room, &mark, out);
		else
			fprintf(out, "%s\n", room);
	}
}

static void put_field(bool is_known, int64_t value, FILE *out)
{
	if (is_known)
		fprintf(out, "\t%" PRId64, value);
	else
		fputs("\t-", out);
}

/* For cut(1) and awk(1): the fields are in sv(8), and stay as they are. */
static void print_fields(const struct row *row, FILE *out)
{
	char room[TABLE_LINE_SIZE], words[TABLE_LINE_SIZE];
	struct strb text = strb_on(room, sizeof(room));
	struct strb said = strb_on(words, sizeof(words));
	bool has_usage = row->usage.process_count > 0;

	text_add_shown(&text, row->name, SIZE_MAX);
	strb_add_format(&text, "\t%s", row_word(row->state));
	fputs(room, out);
	put_field(row->since_s != 0, row->since_s, out);
	put_field(row->pid != 0, row->pid, out);
	put_field(row->restarts >= 0, row->restarts, out);
	put_field(has_usage, row->usage.memory_bytes, out);
	put_field(has_usage, row->usage.cpu_ms, out);
	text = strb_on(room, sizeof(room));
	strb_add(&text, "\t");
	row_describe(row, &said);
	text_add_shown(&text, words, SIZE_MAX);
	fprintf(out, "%s\n", room);
}

static int show_table(const char *scan_dir, bool is_json)
{
	struct screen screen = screen_look();
	bool is_table = screen.is_terminal && !is_json;
	struct screen_text text;
	struct overview overview;
	int code;

	scan_dir = scan_dir_find(scan_dir);
	take_or_die(&overview, scan_dir, is_table || is_json);
	if (screen_begin(&text) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to show %s", scan_dir);
	if (is_table)
		print_table(&overview, &screen, text.file);
	for (size_t i = 0; !is_table && i < overview.count; i++) {
		if (is_json)
			page_print_json(&overview, &overview.rows[i], false,
					text.file);
		else
			print_fields(&overview.rows[i], text.file);
	}
	code = overview.health_count[ROW_BAD] > 0 ? SOME_IN_TROUBLE : 0;
	overview_free(&overview);
	if (screen_show(&screen, &text) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to write");
	return code;
}

/* ---- by name ---- */

struct pages {
	const char *scan_dir;
	bool is_json;
	struct page_style style;
	FILE *out;
	char dir[PATH_MAX]; /* of the overview */
	struct overview overview;
	bool has_overview;
};

/* Splits the path of a service into where it is and its name there: `name`
 * points into `path`. False with errno. */
static bool split(char path[PATH_MAX], const char **dir, char **name)
{
	size_t len = strlen(path);
	char *slash;

	while (len > 1 && path[len - 1] == '/')
		path[--len] = '\0';
	slash = strrchr(path, '/');
	*name = slash ? slash + 1 : path;
	if (strcmp(*name, ".") == 0 || strcmp(*name, "..") == 0 ||
	    **name == '\0') {
		char real[PATH_MAX];

		if (!realpath(path, real) || strlen(real) < 2)
			return false;
		memcpy(path, real, strlen(real) + 1);
		slash = strrchr(path, '/');
		*name = slash + 1;
	}
	*dir = !slash ? "." : slash == path ? "/" : path;
	if (slash)
		*slash = '\0';
	return true;
}

/* The row of what is called `name`; NULL with errno. */
static struct row *find_row(struct pages *pages, const char *name)
{
	char path[PATH_MAX], *own_name;
	const char *dir;
	struct row *row;

	if (scan_dir_path_of(name, pages->scan_dir, path, sizeof(path)) == -1 ||
	    !split(path, &dir, &own_name))
		return NULL;
	if (pages->has_overview && strcmp(dir, pages->dir) != 0) {
		overview_free(&pages->overview);
		pages->has_overview = false;
	}
	if (!pages->has_overview) {
		memcpy(pages->dir, dir, strlen(dir) + 1);
		if (overview_take(&pages->overview, pages->dir, true) == -1)
			return NULL;
		pages->has_overview = true;
	}
	row = overview_find(&pages->overview, own_name);
	errno = ENOENT;
	return row && !row->service->is_missing ? row : NULL;
}

/* Whether it is known how it is. */
static bool show_page(struct pages *pages, const char *name, bool is_first)
{
	struct row *row = find_row(pages, name);

	if (!row) {
		diag_warn_errno("unable to find %s", name);
		return false;
	}
	if (!is_first && !pages->is_json)
		fputc('\n', pages->out);
	if (pages->is_json)
		page_print_json(&pages->overview, row, true, pages->out);
	else
		page_print(&pages->overview, row, &pages->style, pages->out);
	return row->state != ROW_UNSUPERVISED && row->state != ROW_UNKNOWN;
}

static int show_pages(struct pages *pages, const struct screen *screen,
		      char *const names[])
{
	struct screen_text text;
	int failed = 0;

	if (screen_begin(&text) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to show services");
	pages->out = text.file;
	pages->style.width = screen->width;
	pages->style.has_colour = screen->has_colour;
	for (size_t i = 0; names[i]; i++)
		failed += !show_page(pages, names[i], i == 0);
	if (pages->has_overview)
		overview_free(&pages->overview);
	if (screen_show(screen, &text) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to write");
	return failed;
}

int status_lines(const char *scan_dir, char *const names[])
{
	int failed = 0;

	for (size_t i = 0; names[i]; i++) {
		enum control_status status = control_show(names[i], scan_dir);

		failed += status == CONTROL_IS_NONE ||
			  status == CONTROL_IS_UNKNOWN;
	}
	return failed;
}

int status_command(const char *scan_dir, int argc, char *argv[])
{
	static const struct option words[] = {
		{"json", no_argument, NULL, 'j'},
		{"values", no_argument, NULL, 'v'},
		{NULL, 0, NULL, 0},
	};
	static struct pages pages; /* large */
	struct screen screen = screen_look();
	int letter, failed;

	while ((letter = options_next_long(argc, argv, "+:j", words)) != -1) {
		switch (letter) {
		case 'j': pages.is_json = true; break;
		case 'v': pages.style.has_values = true; break;
		default: return COMMAND_MISUSED;
		}
	}
	calendar_init();
	if (!argv[optind])
		return show_table(scan_dir, pages.is_json);
	pages.scan_dir = scan_dir_find(scan_dir);
	if (pages.is_json || pages.style.has_values || screen.is_terminal)
		failed = show_pages(&pages, &screen, argv + optind);
	else
		failed = status_lines(pages.scan_dir, argv + optind);
	return failed < FAILED_MOST ? failed : FAILED_MOST;
}
