/* import.c -- see import.h: what all of it needs. */
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/strb.h"
#include "make/import.h"

void import_tell(const struct import *import, unsigned line, const char *key,
		 const char *advice, const char *why, ...)
{
	char room[512];
	struct strb text = strb_on(room, sizeof(room));
	const struct import_note note = {.path = import->path,
					 .line = line,
					 .key = key,
					 .why = room,
					 .advice = advice};
	va_list args;

	va_start(args, why);
	strb_add_vformat(&text, why, args);
	va_end(args);
	import->tell(import->with, &note);
}

const char *import_keep(struct import *import, const char *text)
{
	size_t before = import->texts.count;

	list_add(&import->texts, text);
	return import->texts.count > before ? import->texts.items[before] : "";
}

const char *import_keep_format(struct import *import, const char *fmt, ...)
{
	size_t before = import->texts.count;
	va_list args;
	char *text;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) == -1)
		text = NULL;
	va_end(args);
	if (text)
		list_add(&import->texts, text);
	else
		import->texts.is_short = true;
	free(text);
	return import->texts.count > before ? import->texts.items[before] : "";
}

static char **find(const struct list *variables, const char *name, size_t len)
{
	for (size_t i = 0; i < variables->count; i++) {
		if (strncmp(variables->items[i], name, len) == 0 &&
		    variables->items[i][len] == '=')
			return &variables->items[i];
	}
	return NULL;
}

bool import_has(const struct import *import, const char *name)
{
	return find(&import->plan.environment, name, strlen(name)) != NULL;
}

void import_set(struct import *import, const char *variable)
{
	struct list *variables = &import->plan.environment;
	char **there = find(variables, variable, strcspn(variable, "="));
	char *copy;

	if (!there) {
		list_add(variables, variable);
		return;
	}
	copy = strdup(variable);
	if (!copy) {
		variables->is_short = true;
		return;
	}
	free(*there);
	*there = copy;
}

/* What getpwuid() finds lasts until the next account is looked up, so it is not
 * kept. */
bool import_is_own_account(const char *name)
{
	const struct passwd *self = getpwuid(geteuid());

	return self && strcmp(name, self->pw_name) == 0;
}

void import_free(struct import *import)
{
	plan_free(&import->plan);
	list_free(&import->texts);
}
