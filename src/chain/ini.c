/* ini.c -- see ini.h. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/strb.h"
#include "chain/ini.h"

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

/* Ends the text before the blanks at its end; returns where it begins. */
static char *trim(char *text)
{
	size_t len;

	while (is_blank(*text))
		text++;
	len = strlen(text);
	while (len > 0 && is_blank(text[len - 1]))
		len--;
	text[len] = '\0';
	return text;
}

/* `prefix`, then the section and '_', in new memory; NULL with ENOMEM. */
static char *join(const char *prefix, const char *section)
{
	size_t size = strlen(prefix) + strlen(section) + 2;
	char *room = malloc(size);
	struct strb joined;

	if (!room)
		return NULL;
	joined = strb_on(room, size);
	strb_add(&joined, prefix);
	strb_add(&joined, section);
	strb_add(&joined, "_");
	return room;
}

/* Obeys one line. *section, owned, is what names begin with; NULL: prefix. */
static int apply_line(char *line, const char *prefix, char **section,
		      struct env *env)
{
	char *equals, *name;

	line = trim(line);
	if (*line == '[' && line[strlen(line) - 1] == ']') {
		line[strlen(line) - 1] = '\0';
		free(*section);
		*section = join(prefix, trim(line + 1));
		return *section ? 0 : -1;
	}
	equals = strchr(line, '=');
	if (!equals || *line == '#' || *line == ';')
		return 0;
	*equals = '\0';
	name = trim(line);
	if (*name == '\0')
		return 0;
	return env_set_prefixed(env, *section ? *section : prefix, name,
				trim(equals + 1));
}

int ini_apply(char *text, size_t len, const char *prefix, struct env *env)
{
	char *section = NULL, *end = text + len;
	int error, result = 0;

	while (result == 0 && text < end) {
		char *newline = memchr(text, '\n', (size_t)(end - text));

		if (!newline)
			newline = end;
		*newline = '\0';
		/* A variable cannot hold NUL, so the line ends there. */
		result = apply_line(text, prefix, &section, env);
		text = newline + 1;
	}
	error = errno;
	free(section);
	errno = error;
	return result;
}
