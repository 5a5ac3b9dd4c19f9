/* plan.c -- see plan.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "make/plan.h"
#include "make/quote.h"

#define SCRIPT_MODE 0755
#define FILE_MODE   0644
/* Variables are often secrets; chpst reads them as the supervisor's user. */
#define SECRETS_MODE 0700
#define SECRET_MODE  0600
/* Whoever may read the logs of the machine is in the log user's group. */
#define LOGS_MODE 0750

/* ---- what goes in ---- */

static const struct {
	const char *name;
	char letter; /* of softlimit(8) */
} limit_names[] = {
	{"as", 'a'},    {"core", 'c'},    {"cpu", 't'},    {"data", 'd'},
	{"fsize", 'f'}, {"memlock", 'l'}, {"nofile", 'o'}, {"nproc", 'p'},
	{"rss", 'r'},   {"stack", 's'},
};

bool plan_add_limit(struct plan *plan, const char *text)
{
	size_t len = strcspn(text, "=");
	const char *value = text + len + (text[len] == '=');
	uint64_t number;

	if (strcmp(value, "unlimited") == 0 || strcmp(value, "infinity") == 0)
		value = "-";
	else if (number_parse(value, UINT64_MAX, &number) == -1)
		return false;
	for (size_t i = 0; i < sizeof(limit_names) / sizeof(limit_names[0]);
	     i++) {
		if (strncmp(limit_names[i].name, text, len) != 0 ||
		    limit_names[i].name[len] != '\0')
			continue;
		list_add_format(&plan->limits, "-%c", limit_names[i].letter);
		list_add(&plan->limits, value);
		return true;
	}
	return false;
}

bool plan_is_variable(const char *text)
{
	static const char digits[] = "0123456789";
	size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "abcdefghijklmnopqrstuvwxyz_0123456789");

	return len > 0 && text[len] == '=' && !strchr(digits, text[0]);
}

/* All lists of a plan, one by one; NULL after the last. */
static struct list *list_of(struct plan *plan, unsigned i)
{
	struct list *const lists[] = {
		&plan->command,   &plan->setup,  &plan->before,
		&plan->after_end, &plan->limits, &plan->environment,
	};
	const unsigned count = sizeof(lists) / sizeof(lists[0]);

	if (i < count)
		return lists[i];
	return i < count + GRAPH_KIND_COUNT ? &plan->edges[i - count] : NULL;
}

bool plan_is_short(const struct plan *plan)
{
	struct plan copy = *plan; /* of the heads: list_of() gives no const */
	const struct list *list;

	for (unsigned i = 0; (list = list_of(&copy, i)); i++) {
		if (list->is_short)
			return true;
	}
	return false;
}

void plan_free(struct plan *plan)
{
	struct list *list;

	for (unsigned i = 0; (list = list_of(plan, i)); i++)
		list_free(list);
}

/* ---- scripts ---- */

/* A text that is written with stdio, then added as a file. */
struct page {
	FILE *file;
	char *text;
	size_t len;
};

static bool page_begin(struct page *page, struct sketch *sketch)
{
	*page = (struct page){.text = NULL};
	page->file = open_memstream(&page->text, &page->len);
	if (!page->file)
		sketch->is_short = true;
	return page->file != NULL;
}

static void page_end(struct page *page, struct sketch *sketch, const char *path,
		     mode_t mode)
{
	if (fclose(page->file) == 0)
		sketch_add_file(sketch, path, mode, page->text);
	else
		sketch->is_short = true;
	free(page->text);
}

/* The first line of a file in env counts, without blanks at its end, and an
 * empty one removes a variable: other values are written in run. */
static bool fits_a_file(const char *variable)
{
	const char *value = strchr(variable, '=') + 1;
	size_t len = strlen(value);

	return len > 0 && !strchr(" \t", value[len - 1]) &&
	       !strchr(value, '\n');
}

static void write_exports(const struct plan *plan, FILE *out)
{
	for (size_t i = 0; i < plan->environment.count; i++) {
		const char *variable = plan->environment.items[i];
		size_t len = strcspn(variable, "=");

		if (fits_a_file(variable))
			continue;
		fprintf(out, "export %.*s=", (int)len, variable);
		quote_word(out, variable + len + 1);
		fputc('\n', out);
	}
}

static bool has_env(const struct plan *plan)
{
	for (size_t i = 0; i < plan->environment.count; i++) {
		if (fits_a_file(plan->environment.items[i]))
			return true;
	}
	return false;
}

static void write_option(FILE *out, const char *option, const char *value)
{
	if (!value)
		return;
	fprintf(out, " %s ", option);
	quote_word(out, value);
}

/* The programs before the command, each of which becomes the next. */
static void write_chain(const struct plan *plan, FILE *out)
{
	bool has_variables = has_env(plan);

	if (plan->limits.count != 0) {
		fputs(" softlimit", out);
		quote_words(out, list_words(&plan->limits));
	}
	if (!has_variables && !plan->user && !plan->cwd && !plan->umask &&
	    !plan->nice && !plan->refuses_privileges)
		return;
	fputs(" chpst", out);
	write_option(out, "-e", has_variables ? "./env" : NULL);
	write_option(out, "-C", plan->cwd);
	write_option(out, "--umask", plan->umask);
	write_option(out, "-n", plan->nice);
	write_option(out, "-u", plan->user);
	if (plan->refuses_privileges)
		fputs(" --no-new-privs", out);
}

/* Each of them ends the script if it fails, but those after a '-'. */
static void write_lines(const struct list *lines, const char *chain, FILE *out)
{
	for (size_t i = 0; i < lines->count; i++) {
		const char *line = lines->items[i];
		bool may_fail = *line == '-';

		fprintf(out, "%s%s%s\n", chain, line + may_fail,
			may_fail ? "" : " || exit");
	}
}

static void write_run(const struct plan *plan, FILE *out)
{
	char *chain = NULL;
	size_t len;
	FILE *text = open_memstream(&chain, &len);

	if (!text)
		return;
	write_chain(plan, text);
	fclose(text);
	fputs("#!/bin/sh\nexec 2>&1\n", out);
	write_exports(plan, out);
	write_lines(&plan->setup, "", out);
	write_lines(&plan->before, *chain ? chain + 1 : "", out);
	fprintf(out, "exec%s", chain);
	if (plan->line) {
		fputs(" sh -c ", out);
		quote_word(out, plan->line);
	} else {
		quote_words(out, list_words(&plan->command));
	}
	fputc('\n', out);
	free(chain);
}

/* ---- files ---- */

static void draw_line(struct sketch *sketch, const char *path,
		      const char *value, mode_t mode)
{
	struct page page;

	if (!value || !page_begin(&page, sketch))
		return;
	fprintf(page.file, "%s\n", value);
	page_end(&page, sketch, path, mode);
}

static void draw_scripts(const struct plan *plan, struct sketch *sketch)
{
	struct page page;

	if (page_begin(&page, sketch)) {
		write_run(plan, page.file);
		page_end(&page, sketch, plan->is_oneshot ? "start" : "run",
			 SCRIPT_MODE);
	}
	if (plan->after_end.count != 0 && page_begin(&page, sketch)) {
		fputs("#!/bin/sh\nexec 2>&1\n", page.file);
		for (size_t i = 0; i < plan->after_end.count; i++)
			fprintf(page.file, "%s\n", plan->after_end.items[i]);
		page_end(&page, sketch, plan->is_oneshot ? "stop" : "finish",
			 SCRIPT_MODE);
	}
}

static void draw_environment(const struct plan *plan, struct sketch *sketch)
{
	if (!has_env(plan))
		return;
	sketch_add_directory(sketch, "env", SECRETS_MODE);
	for (size_t i = 0; i < plan->environment.count; i++) {
		const char *variable = plan->environment.items[i];
		size_t len = strcspn(variable, "=");
		char path[512];

		if (!fits_a_file(variable))
			continue;
		snprintf(path, sizeof(path), "env/%.*s", (int)len, variable);
		draw_line(sketch, path, variable + len + 1, SECRET_MODE);
	}
}

static void draw_edges(const struct plan *plan, struct sketch *sketch)
{
	for (int kind = 0; kind < GRAPH_KIND_COUNT; kind++) {
		const char *directory = graph_directory((enum graph_kind)kind);
		const struct list *names = &plan->edges[kind];

		if (names->count != 0)
			sketch_add_directory(sketch, directory, 0755);
		for (size_t i = 0; i < names->count; i++) {
			char path[512];

			snprintf(path, sizeof(path), "%s/%s", directory,
				 names->items[i]);
			sketch_add_file(sketch, path, FILE_MODE, "");
		}
	}
}

static void draw_log(const struct plan *plan, struct sketch *sketch)
{
	const struct plan_user *user = &plan->log_user;
	struct page page;

	sketch_add_directory(sketch, "log", 0755);
	if (page_begin(&page, sketch)) {
		fputs("#!/bin/sh\nexec", page.file);
		write_option(page.file, "setuidgid", user->name);
		fputs(" multilog t s1000000 ./main\n", page.file);
		page_end(&page, sketch, "log/run", SCRIPT_MODE);
	}
	sketch_add_directory(sketch, "log/main", LOGS_MODE);
	if (user->name)
		sketch_own(sketch, user->uid, user->gid);
}

void plan_draw(const struct plan *plan, struct sketch *sketch)
{
	const struct {
		const char *file, *value;
	} lines[] = {
		{"restart", plan->restart},
		{"timeout-kill", plan->timeout_kill},
		{"timeout-up", plan->timeout_up},
		{"down-signal", plan->down_signal},
		{"reload-signal", plan->reload_signal},
		{"notification-fd", plan->notification_fd},
		{"kill-scope", plan->kill_scope},
	};

	if (plan_is_short(plan))
		sketch->is_short = true;
	draw_scripts(plan, sketch);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		draw_line(sketch, lines[i].file, lines[i].value, FILE_MODE);
	if (plan->has_notify_socket)
		sketch_add_file(sketch, "notify-socket", FILE_MODE, "");
	if (plan->is_down)
		sketch_add_file(sketch, "down", FILE_MODE, "");
	draw_environment(plan, sketch);
	draw_edges(plan, sketch);
	if (plan->has_log)
		draw_log(plan, sketch);
}
