/* procfile.c -- see import.h: the services of a Procfile. */
#include <string.h>
#include <unistd.h>

#include "make/import.h"
#include "make/place.h"
#include "make/unit_file.h"

/* Of the first service, and between two, as foreman has it. */
#define FIRST_PORT 5000
#define PORT_STEP  100

static bool mentions_port(const char *line)
{
	return strstr(line, "$PORT") || strstr(line, "${PORT");
}

/* Whether `exec` before it gives the shell's process to the program: a command
 * of words, and no more. */
static bool is_simple(const char *line)
{
	static const char *const words[] = {
		"cd",   "exec",   "export", "set",     "unset",
		".",    "source", "if",     "while",   "for",
		"case", "until",  "time",   "command", "eval"};
	size_t len = strcspn(line, " \t");

	if (strpbrk(line, ";&|<>(){}`\\\n\r#!") || memchr(line, '=', len))
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strlen(words[i]) == len &&
		    strncmp(line, words[i], len) == 0)
			return false;
	}
	return true;
}

static void fill(struct import *import, const char *dir, const char *command,
		 unsigned index)
{
	struct plan *plan = &import->plan;
	const char *env = import_keep_format(import, "%s/.env", dir);

	plan->cwd = dir;
	if (access(env, F_OK) == 0)
		list_add(&plan->env_files, env);
	if (mentions_port(command))
		import_set(import,
			   import_keep_format(import, "PORT=%u",
					      FIRST_PORT + PORT_STEP * index));
	/* What stays a shell has children, and they are to be reached. */
	if (is_simple(command)) {
		plan->line = import_keep_format(import, "exec %s", command);
	} else {
		plan->line = import_keep(import, command);
		plan->kill_scope = "group";
	}
	if (import->texts.is_short)
		plan->command.is_short = true;
}

/* Ends the name at its colon, and returns the command. NULL after telling that
 * the line has none. */
static const char *take_entry(const struct import *import, unsigned number,
			      char *line)
{
	char *colon = strchr(line, ':');
	const char *command = "", *trouble = "there is no NAME: COMMAND in it";

	if (colon) {
		*colon = '\0';
		command = colon + 1 + strspn(colon + 1, " \t");
		trouble = place_name_trouble(line);
	}
	if (!trouble && *command == '\0')
		trouble = "there is no command in it";
	if (!trouble)
		return command;
	import_tell(import, number, "", "correct it, and import it again", "%s",
		    trouble);
	return NULL;
}

int import_procfile(struct import *import, const char *dir, char *text,
		    size_t len, int (*take)(void *with, struct import *import))
{
	unsigned number = 0, index = 0;
	int result = 0;

	if (strlen(text) != len) {
		import_tell(import, 0, "", "import a Procfile",
			    "it isn't text: there is a byte 0 in it");
		return -1;
	}
	for (char *next; *text != '\0' && result == 0; text = next) {
		size_t line_len = strcspn(text, "\n"), trimmed = line_len;
		const char *command;

		next = text + line_len + (text[line_len] == '\n');
		number++;
		while (trimmed > 0 && strchr(" \t\r", text[trimmed - 1]))
			trimmed--;
		text[trimmed] = '\0';
		text += strspn(text, " \t");
		if (*text == '\0' || *text == '#')
			continue;
		command = take_entry(import, number, text);
		if (!command)
			continue;
		import->name = text;
		fill(import, dir, command, index++);
		result = take(import->with, import);
		import_free(import);
		import->plan = (struct plan){.line = NULL};
	}
	return result;
}
