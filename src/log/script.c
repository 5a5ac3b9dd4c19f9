/* script.c -- see script.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "log/archive.h"
#include "log/line.h"
#include "log/script.h"

#define SIZE_DEFAULT  99999
#define SIZE_MIN      4096
#define SIZE_MAX_     16777215
#define SIZE_LARGE    2147483647 /* of daemontools-encore */
#define COUNT_DEFAULT 10
#define COUNT_MIN     2
#define AGE_MAX       4000000000 /* seconds, a century and more */

/* Leading digits; none is 0, and what is too big wraps. */
static unsigned long number(const char *text)
{
	unsigned long value = 0;

	for (; *text >= '0' && *text <= '9'; text++)
		value = value * 10 + (unsigned long)(*text - '0');
	return value;
}

static unsigned long between(unsigned long low, unsigned long value,
			     unsigned long high)
{
	if (value < low)
		return low;
	return value > high ? high : value;
}

/*
 * The number of an action that 0.76 ignores. To keep ignoring all that may
 * have been given to it so far, it must be a number and nothing else.
 */
static bool strict_number(const char *text, unsigned long *value)
{
	if (*text == '\0' || text[strspn(text, "0123456789")] != '\0')
		return false;
	errno = 0;
	*value = strtoul(text, NULL, 10);
	return errno == 0;
}

/* A code that can be a part of a name, and that won't be mistaken. */
static bool is_code(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789._-"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

	return len > 0 && len <= ARCHIVE_CODE_MAX && text[len] == '\0';
}

/* One of the actions that say how later directories are kept; `size_max` is
 * the largest that `s` sets. */
static void set_limit(struct logdir_config *next, char action, const char *text,
		      unsigned long size_max)
{
	unsigned long value;

	switch (action) {
	case 's':
		next->size_limit = between(SIZE_MIN, number(text), size_max);
		return;
	case 'n':
		next->count_limit =
			between(COUNT_MIN, number(text), (unsigned long)-1);
		return;
	default: break;
	}
	if (!strict_number(text, &value))
		return;
	switch (action) {
	case 'S': next->total_limit = value; break;
	case 'a': next->age_limit_s = between(0, value, AGE_MAX); break;
	case 'd':
		next->is_yielding = true;
		next->kept_count = value;
		break;
	default: break;
	}
}

/* Room for the worst case, so that the arguments are walked twice only. */
static int reserve(struct script *script, char *const args[])
{
	size_t arg_count = 0, part_count = 0;

	for (; args[arg_count]; arg_count++)
		part_count += pattern_count_parts(args[arg_count]);
	/* One more of each: calloc(0) may return NULL. */
	script->actions = calloc(arg_count + 1, sizeof(*script->actions));
	script->status_paths = calloc(arg_count + 1, sizeof(char *));
	script->dirs = calloc(arg_count + 1, sizeof(*script->dirs));
	script->parts = calloc(part_count + 1, sizeof(*script->parts));
	script->regexes = calloc(arg_count + 1, sizeof(*script->regexes));
	if (!script->regexes || !script->actions || !script->status_paths ||
	    !script->dirs || !script->parts)
		return -1;
	return 0;
}

static void add(struct script *script, struct action action)
{
	script->actions[script->action_count++] = action;
}

/* An argument of one letter, so as to ignore all that begin with it. */
static bool is_just(const char *arg, char letter)
{
	return arg[0] == letter && arg[1] == '\0';
}

/* What the first argument says of marks. */
static enum mark_kind mark_of(const char *first)
{
	if (!first)
		return MARK_NONE;
	if (first[0] == 't')
		return MARK_TAI64N;
	if (is_just(first, 'T'))
		return MARK_ACCU;
	return is_just(first, 'i') ? MARK_ISO : MARK_NONE;
}

/* Of the argument `arg`, in the language of `kind`: 0, or -1 as script_parse().
 */
static int compile(struct script *script, enum pattern_kind kind,
		   const char *arg, struct pattern *pattern)
{
	regex_t *regex = &script->regexes[script->regex_count];
	char reason[128];
	int error;

	pattern->kind = kind;
	pattern->source = arg + 1;
	if (kind != PATTERN_REGEX)
		return 0;
	error = regcomp(regex, arg + 1, REG_EXTENDED | REG_NOSUB);
	if (error == REG_ESPACE) {
		errno = ENOMEM;
		return -1;
	}
	if (error != 0) {
		regerror(error, regex, reason, sizeof(reason));
		diag_fatal("unable to use %s: %s", arg, reason);
		errno = EINVAL;
		return -1;
	}
	script->regex_count++;
	pattern->regex = regex;
	return 0;
}

/* The language that `arg` chooses for patterns; `kind` if it chooses none. */
static enum pattern_kind choose(const char *arg, enum pattern_kind kind)
{
	if (is_just(arg, 'F'))
		return PATTERN_FNMATCH;
	if (is_just(arg, 'X'))
		return PATTERN_REGEX;
	/* Encore's letter for it is "S", which is a limit with a number. */
	return is_just(arg, 'C') || is_just(arg, 'S') ? PATTERN_CLASSIC : kind;
}

int script_parse(struct script *script, char *const args[])
{
	struct logdir_config next = {.size_limit = SIZE_DEFAULT,
				     .tail_bytes = TAIL_BYTES,
				     .count_limit = COUNT_DEFAULT};
	struct pattern_part *parts;
	enum pattern_kind kind = PATTERN_CLASSIC;
	unsigned long size_max = SIZE_MAX_;

	*script = (struct script){0};
	if (reserve(script, args) == -1)
		return -1;
	script->line_limit = LINE_LIMIT;
	script->alert_limit = ALERT_LIMIT;
	script->mark = mark_of(args[0]);
	parts = script->parts;
	for (; *args; args++) {
		const char *rest = *args + 1; /* used when **args isn't '\0' */
		struct action action = {.kind = ACTION_ALERT};

		switch (**args) {
		case '-':
		case '+':
			action.kind =
				**args == '-' ? ACTION_DESELECT : ACTION_SELECT;
			action.pattern = pattern_compile(rest, parts);
			parts += action.pattern.part_count;
			if (compile(script, kind, *args, &action.pattern) == -1)
				return -1;
			break;
		case '1':
			if (*rest)
				continue;
			action.kind = ACTION_OUTPUT;
			break;
		case 'h':
			if (!*rest)
				script->is_mark_hidden = true;
			continue;
		case 'p': next.prefix = *rest ? rest : NULL; continue;
		case 'e': break;
		case '=':
			action.kind = ACTION_STATUS;
			action.index = script->status_count;
			script->status_paths[script->status_count++] = rest;
			break;
		case '.':
		case '/':
			action.kind = ACTION_DIR;
			action.index = script->dir_count;
			next.path = *args;
			script->dirs[script->dir_count++] = next;
			break;
		case 'L':
			if (!*rest)
				size_max = SIZE_LARGE;
			continue;
		case 'w':
			if (is_code(rest))
				next.code = rest;
			continue;
		case 'S': kind = choose(*args, kind); /* fall through */
		case 's':
		case 'n':
		case 'a':
		case 'd': set_limit(&next, **args, rest, size_max); continue;
		case '!': next.processor = *rest ? rest : NULL; continue;
		default: kind = choose(*args, kind); continue;
		}
		add(script, action);
	}
	return 0;
}

void script_free(struct script *script)
{
	free(script->actions);
	free(script->status_paths);
	free(script->dirs);
	for (size_t i = 0; i < script->regex_count; i++)
		regfree(&script->regexes[i]);
	free(script->regexes);
	free(script->parts);
	free(script->peers);
	for (size_t i = 0; i < script->text_count; i++)
		free(script->texts[i]);
	free(script->texts);
	*script = (struct script){0};
}
