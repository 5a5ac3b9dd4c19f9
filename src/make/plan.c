/* plan.c -- see plan.h. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/strb.h"
#include "make/plan.h"
#include "make/quote.h"

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
		&plan->command,   &plan->setup,   &plan->before,
		&plan->after_end, &plan->on_stop, &plan->on_reload,
		&plan->for_good,  &plan->limits,  &plan->environment,
		&plan->env_files,
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

/* ---- texts ---- */

bool plan_begin(struct plan_page *page, struct sketch *sketch)
{
	*page = (struct plan_page){.text = NULL};
	page->file = open_memstream(&page->text, &page->len);
	if (!page->file)
		sketch->is_short = true;
	return page->file != NULL;
}

void plan_end(struct plan_page *page, struct sketch *sketch, const char *path,
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
bool plan_fits_env(const char *variable)
{
	const char *value = strchr(variable, '=') + 1;
	size_t len = strlen(value);

	return len > 0 && !strchr(" \t", value[len - 1]) &&
	       !strchr(value, '\n') && value - variable <= NAME_MAX;
}

void plan_write_program(const struct plan *plan, const char *name, FILE *out)
{
	char room[PATH_MAX];
	struct strb path = strb_on(room, sizeof(room));

	if (plan->folder)
		strb_add_format(&path, "%s/", plan->folder);
	strb_add(&path, name);
	quote_word(out, path.is_cut ? name : room);
}

bool plan_has_env(const struct plan *plan)
{
	for (size_t i = 0; i < plan->environment.count; i++) {
		if (plan_fits_env(plan->environment.items[i]))
			return true;
	}
	return false;
}
