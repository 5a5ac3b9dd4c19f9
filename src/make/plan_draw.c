/* plan_draw.c -- see plan.h: the directory of a planned service. */
#include <stdio.h>
#include <string.h>

#include "make/plan.h"
#include "make/quote.h"

#define SCRIPT_MODE 0755
#define FILE_MODE   0644
/* Variables are often secrets; chpst reads them as the supervisor's user. */
#define SECRETS_MODE 0700
#define SECRET_MODE  0600
/* Whoever may read the logs of the machine is in the log user's group. */
#define LOGS_MODE 0750

static void draw_line(struct sketch *sketch, const char *path,
		      const char *value, mode_t mode)
{
	struct plan_page page;

	if (!value || !plan_begin(&page, sketch))
		return;
	fprintf(page.file, "%s\n", value);
	plan_end(&page, sketch, path, mode);
}

static void draw_environment(const struct plan *plan, struct sketch *sketch)
{
	if (!plan_has_env(plan))
		return;
	sketch_add_directory(sketch, "env", SECRETS_MODE);
	for (size_t i = 0; i < plan->environment.count; i++) {
		const char *variable = plan->environment.items[i];
		size_t len = strcspn(variable, "=");
		char path[512];

		if (!plan_fits_env(variable))
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
	struct plan_page page;

	sketch_add_directory(sketch, "log", 0755);
	if (plan_begin(&page, sketch)) {
		fputs("#!/bin/sh\nexec ", page.file);
		if (user->name) {
			plan_write_program(plan, "setuidgid", page.file);
			fputc(' ', page.file);
			quote_word(page.file, user->name);
			fputc(' ', page.file);
		}
		plan_write_program(plan, "multilog", page.file);
		fprintf(page.file, " t %s ./main\n",
			plan->log_limits ? plan->log_limits : "s1000000");
		plan_end(&page, sketch, "log/run", SCRIPT_MODE);
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
		{"timeout-finish", plan->timeout_finish},
		{"timeout-up", plan->timeout_up},
		{"down-signal", plan->down_signal},
		{"reload-signal", plan->reload_signal},
		{"notification-fd", plan->notification_fd},
		{"kill-scope", plan->kill_scope},
	};

	if (plan_is_short(plan))
		sketch->is_short = true;
	if (plan->is_bundle) {
		draw_edges(plan, sketch);
		return;
	}
	plan_draw_scripts(plan, sketch);
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
