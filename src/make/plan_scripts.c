/* plan_scripts.c -- see plan.h: the scripts of a planned service. */
#include <stdlib.h>
#include <string.h>

#include "make/plan.h"
#include "make/quote.h"

#define SCRIPT_MODE 0755

/* Before all else: "#!", where output goes, and variables that aren't files. */
static void write_head(const struct plan *plan, FILE *out)
{
	fprintf(out, "#!/bin/sh\nexec %s\n",
		plan->output ? plan->output : "2>&1");
	for (size_t i = 0; i < plan->environment.count; i++) {
		const char *variable = plan->environment.items[i];
		size_t len = strcspn(variable, "=");

		if (plan_fits_env(variable))
			continue;
		fprintf(out, "export %.*s=", (int)len, variable);
		quote_word(out, variable + len + 1);
		fputc('\n', out);
	}
}

static void write_option(FILE *out, const char *option, const char *value)
{
	if (!value)
		return;
	fprintf(out, " %s ", option);
	quote_word(out, value);
}

static void write_chpst(const struct plan *plan, const char *user, FILE *out)
{
	bool has_variables = plan_has_env(plan);

	if (!has_variables && plan->env_files.count == 0 && !user &&
	    !plan->cwd && !plan->umask && !plan->nice && !plan->io_priority &&
	    !plan->oom_score && !plan->refuses_privileges)
		return;
	plan_write_program(plan, "chpst", out);
	write_option(out, "-e", has_variables ? "./env" : NULL);
	for (size_t i = 0; i < plan->env_files.count; i++)
		write_option(out, "--env-file", plan->env_files.items[i]);
	write_option(out, "-C", plan->cwd);
	write_option(out, "--umask", plan->umask);
	write_option(out, "-n", plan->nice);
	write_option(out, "--ionice", plan->io_priority);
	write_option(out, "--oom-score", plan->oom_score);
	if (user && plan->has_all_groups)
		fputs(" --all-groups", out);
	write_option(out, "-u", user);
	if (user)
		fputs(" --give-output", out);
	if (plan->refuses_privileges)
		fputs(" --no-new-privs", out);
	fputc(' ', out);
}

/* The programs before a command, each of which becomes the next; a blank after
 * each word. */
static void write_chain(const struct plan *plan, bool is_privileged, FILE *out)
{
	if (plan->limits.count != 0) {
		plan_write_program(plan, "softlimit", out);
		quote_words(out, list_words(&plan->limits));
		fputc(' ', out);
	}
	write_chpst(plan, is_privileged ? NULL : plan->user, out);
}

/* Each of them ends the script if it fails, but for those that may. */
static void write_commands(const struct plan *plan, const struct list *commands,
			   const char *end, FILE *out)
{
	for (size_t i = 0; i < commands->count; i++) {
		const char *line = commands->items[i];
		size_t len = strspn(line, "+-");
		bool may_fail = memchr(line, '-', len) != NULL;

		write_chain(plan, memchr(line, '+', len) != NULL, out);
		fprintf(out, "%s%s%s\n", line + len, may_fail ? "" : " || ",
			may_fail ? "" : end);
	}
}

static void write_run(const struct plan *plan, FILE *out)
{
	write_head(plan, out);
	for (size_t i = 0; i < plan->setup.count; i++)
		fprintf(out, "%s || exit\n", plan->setup.items[i]);
	write_commands(plan, &plan->before, "exit", out);
	fputs("exec ", out);
	write_chain(plan, plan->is_privileged, out);
	if (plan->line) {
		fputs("sh -c ", out);
		quote_word(out, plan->line);
	} else if (plan->command.count != 0) {
		quote_word(out, plan->command.items[0]);
		quote_words(out, list_words(&plan->command) + 1);
	}
	fputc('\n', out);
}

/* finish, which is told how run ended; or stop, of a oneshot. */
static void write_end(const struct plan *plan, FILE *out)
{
	write_head(plan, out);
	if (plan->is_oneshot)
		write_commands(plan, &plan->on_stop, "true", out);
	else if (plan->after_end.count != 0)
		fputs("case $1 in\n"
		      "-1 | 256) EXIT_CODE=killed EXIT_STATUS=$(kill -l "
		      "\"$2\") ;;\n"
		      "*) EXIT_CODE=exited EXIT_STATUS=$1 ;;\n"
		      "esac\n"
		      "export EXIT_CODE EXIT_STATUS\n",
		      out);
	write_commands(plan, &plan->after_end, "true", out);
	if (plan->for_good.count != 0) {
		fputs("case $1 in", out);
		for (size_t i = 0; i < plan->for_good.count; i++)
			fprintf(out, "%s%s", i ? "|" : " ",
				plan->for_good.items[i]);
		fputs(") exit 125 ;; esac\n", out);
	}
	fputs("exit 0\n", out);
}

/* A hook in control: the signal follows it if it fails. */
static void write_hook(const struct plan *plan, const struct list *commands,
		       bool is_all, FILE *out)
{
	write_head(plan, out);
	fputs("MAINPID=$(cat supervise/pid)\nexport MAINPID\n", out);
	/* What can't be checked isn't reloaded; but it is stopped. */
	write_commands(plan, commands,
		       commands == &plan->on_stop ? "true" : "exit 0", out);
	fprintf(out, "exit %d\n", is_all ? 0 : 1);
}

static void draw_hooks(const struct plan *plan, struct sketch *sketch)
{
	bool has_stop = plan->on_stop.count != 0 && !plan->is_oneshot;
	struct plan_page page;

	if (!has_stop && plan->on_reload.count == 0)
		return;
	sketch_add_directory(sketch, "control", 0755);
	if (has_stop && plan_begin(&page, sketch)) {
		write_hook(plan, &plan->on_stop, false, page.file);
		plan_end(&page, sketch, "control/t", SCRIPT_MODE);
	}
	if (plan->on_reload.count != 0 && plan_begin(&page, sketch)) {
		write_hook(plan, &plan->on_reload, plan->is_reload_done,
			   page.file);
		/* The letter that sv reload sends then. */
		plan_end(&page, sketch,
			 plan->reload_signal ? "control/l" : "control/h",
			 SCRIPT_MODE);
	}
}

void plan_draw_scripts(const struct plan *plan, struct sketch *sketch)
{
	bool has_end = plan->after_end.count != 0 ||
		       plan->for_good.count != 0 ||
		       (plan->is_oneshot && plan->on_stop.count != 0);
	struct plan_page page;

	if (plan_begin(&page, sketch)) {
		write_run(plan, page.file);
		plan_end(&page, sketch, plan->is_oneshot ? "start" : "run",
			 SCRIPT_MODE);
	}
	if (has_end && plan_begin(&page, sketch)) {
		write_end(plan, page.file);
		plan_end(&page, sketch, plan->is_oneshot ? "stop" : "finish",
			 SCRIPT_MODE);
	}
	draw_hooks(plan, sketch);
}
