/*
 * fuzz_script.c -- any arguments of multilog, and what its patterns match.
 *
 * The first byte says how many arguments follow, each ended by a '\0'; the rest
 * is the line.
 */
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "log/script.h"

#define ARGS_MOST 8
#define ROOM      4096 /* bytes, for the arguments */

/* A line, by the definition in pattern.h, a byte at a time. */
static bool matches(const char *pattern, const char *at, const char *end)
{
	for (; *pattern != '*'; pattern++, at++) {
		if (*pattern == '\0')
			return at == end;
		if (at == end || *at != *pattern)
			return false;
	}
	pattern++;
	if (*pattern == '\0')
		return true;
	while (at < end && *at != *pattern)
		at++;
	return at < end && matches(pattern, at, end);
}

/* The parts are the source's own, with a star between each and the next. */
static void check_pattern(const struct pattern *pattern, const char *source)
{
	MUST(pattern->part_count == pattern_count_parts(source));
	for (size_t i = 0; i < pattern->part_count; i++) {
		const struct pattern_part *part = &pattern->parts[i];

		MUST(part->text == source);
		MUST(!memchr(source, '*', part->len));
		source += part->len;
		MUST(*source == (i + 1 < pattern->part_count ? '*' : '\0'));
		source++;
	}
}

static void check_script(const struct script *script, char *const args[],
			 const char *line, size_t len)
{
	size_t at = 0;
	bool is_classic = true;

	for (; *args; args++) {
		const struct action *action = &script->actions[at];

		/* After these, the patterns are of other languages. */
		if (strcmp(*args, "F") == 0 || strcmp(*args, "X") == 0)
			is_classic = false;
		else if (strcmp(*args, "C") == 0)
			is_classic = true;
		if (strcmp(*args, "1") == 0) {
			MUST(action->kind == ACTION_OUTPUT);
			at++;
			continue;
		}
		if (**args == '\0' || !strchr("-+e=./", **args))
			continue;
		MUST(at++ < script->action_count);
		if (**args == '-' || **args == '+') {
			if (!is_classic)
				continue;
			check_pattern(&action->pattern, *args + 1);
			MUST(pattern_matches(&action->pattern, line, len) ==
			     matches(*args + 1, line, line + len));
		} else if (**args == '=') {
			MUST(action->kind == ACTION_STATUS);
			MUST(script->status_paths[action->index] == *args + 1);
		} else if (**args != 'e') {
			MUST(action->kind == ACTION_DIR);
			MUST(script->dirs[action->index].path == *args);
		}
	}
	MUST(at == script->action_count);
	for (size_t i = 0; i < script->dir_count; i++) {
		MUST(script->dirs[i].size_limit >= 4096);
		MUST(script->dirs[i].size_limit <= 16777215);
		MUST(script->dirs[i].count_limit >= 2);
		MUST(!script->dirs[i].processor || *script->dirs[i].processor);
	}
}

/* Each of these may double, or "{255}" multiply, what a C library makes of a
 * regular expression, and that thirty need more memory than there is isn't what
 * is looked for here. */
static bool is_too_costly(const char *arg)
{
	unsigned cost = 0;

	for (; *arg; arg++) {
		if (*arg == '{')
			cost += 6;
		else if (strchr("*+?", *arg))
			cost++;
	}
	return cost > 12;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char room[ROOM], *args[ARGS_MOST + 1] = {NULL};
	const char *line, *end = (const char *)data + size;
	size_t used = 0, arg_count;
	struct script script;

	if (size == 0)
		return 0;
	arg_count = data[0] % (ARGS_MOST + 1);
	line = (const char *)data + 1;
	for (size_t i = 0; i < arg_count; i++) {
		size_t len = strnlen(line, (size_t)(end - line));

		if (line + len == end || used + len >= ROOM)
			return 0;
		args[i] = memcpy(room + used, line, len + 1);
		if (is_too_costly(args[i]))
			return 0;
		used += len + 1;
		line += len + 1;
	}
	if (script_parse(&script, args) == -1) {
		MUST(errno == EINVAL); /* a pattern that is no expression */
		script_free(&script);
		return 0;
	}
	MUST((script.mark == MARK_TAI64N) == (args[0] && args[0][0] == 't'));
	check_script(&script, args, line, (size_t)(end - line));
	script_free(&script);
	return 0;
}
