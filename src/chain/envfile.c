/* envfile.c -- see envfile.h. */
#include <stdbool.h>
#include <string.h>

#include "chain/envfile.h"

/* What was read is written back before `at`, where there always is room. */
struct cursor {
	char *at, *end;
	char *out;
};

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

static bool is_newline(char byte)
{
	return byte == '\n' || byte == '\r';
}

static bool is_name(const char *text)
{
	size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "abcdefghijklmnopqrstuvwxyz_0123456789");

	return len > 0 && text[len] == '\0' && !(*text >= '0' && *text <= '9');
}

/* The byte after a backslash, which stands at `at`; `needing` are those that a
 * backslash is for, NULL: all. */
static void take_escaped(struct cursor *cursor, const char *needing)
{
	char byte;

	cursor->at++;
	if (cursor->at == cursor->end)
		return;
	byte = *cursor->at++;
	if (byte == '\r' && cursor->at < cursor->end && *cursor->at == '\n')
		byte = *cursor->at++;
	if (byte == '\n')
		return;
	if (needing && (byte == '\0' || !strchr(needing, byte)))
		*cursor->out++ = '\\';
	*cursor->out++ = byte;
}

/* Up to the quote, or the end of all. */
static void take_quoted(struct cursor *cursor)
{
	char quote = *cursor->at++;

	while (cursor->at < cursor->end && *cursor->at != quote) {
		if (*cursor->at == '\\' && quote == '"')
			take_escaped(cursor, "\\\"`$");
		else
			*cursor->out++ = *cursor->at++;
	}
	if (cursor->at < cursor->end)
		cursor->at++;
}

/* Up to the end of the line; a quote is nothing but itself here. */
static void take_plain(struct cursor *cursor)
{
	char *kept = cursor->out; /* what is before it stays */

	while (cursor->at < cursor->end && !is_newline(*cursor->at)) {
		if (*cursor->at == '\\') {
			take_escaped(cursor, NULL);
			kept = cursor->out;
		} else {
			if (!is_blank(*cursor->at))
				kept = cursor->out + 1;
			*cursor->out++ = *cursor->at++;
		}
	}
	cursor->out = kept;
}

/* Returns the value, ended by '\0'; `at` is behind its line. */
static char *take_value(struct cursor *cursor)
{
	char *value = cursor->at;

	cursor->out = value;
	while (cursor->at < cursor->end && !is_newline(*cursor->at)) {
		if (is_blank(*cursor->at))
			cursor->at++;
		else if (*cursor->at == '\'' || *cursor->at == '"')
			take_quoted(cursor);
		else
			take_plain(cursor);
	}
	if (cursor->at < cursor->end)
		cursor->at++;
	*cursor->out = '\0';
	return value;
}

static void skip_line(struct cursor *cursor)
{
	while (cursor->at < cursor->end && !is_newline(*cursor->at))
		cursor->at++;
}

/* The name before a '=', which `at` is then behind; NULL: that line has none,
 * and was passed over. */
static char *take_name(struct cursor *cursor)
{
	char *name = cursor->at, *name_end;

	while (cursor->at < cursor->end && *cursor->at != '=' &&
	       !is_newline(*cursor->at))
		cursor->at++;
	if (cursor->at == cursor->end || *cursor->at != '=')
		return NULL;
	name_end = cursor->at++;
	while (name_end > name && is_blank(name_end[-1]))
		name_end--;
	*name_end = '\0';
	return name;
}

int envfile_apply(char *text, size_t len, struct env *env)
{
	struct cursor cursor = {.at = text, .end = text + len};

	while (cursor.at < cursor.end) {
		char *name, *value;

		if (is_blank(*cursor.at) || is_newline(*cursor.at)) {
			cursor.at++;
			continue;
		}
		if (*cursor.at == '#' || *cursor.at == ';') {
			skip_line(&cursor);
			continue;
		}
		name = take_name(&cursor);
		if (!name)
			continue;
		value = take_value(&cursor);
		if (is_name(name) && env_set(env, name, value) == -1)
			return -1;
	}
	return 0;
}
