/* pattern.c -- see pattern.h. */
#include <fnmatch.h>
#include <string.h>

#include "log/line.h"
#include "log/pattern.h"

size_t pattern_count_parts(const char *source)
{
	size_t count = 1;

	for (const char *star = source; (star = strchr(star, '*')); star++)
		count++;
	return count;
}

struct pattern pattern_compile(const char *source, struct pattern_part *room)
{
	struct pattern pattern = {.parts = room, .part_count = 0};

	for (;;) {
		size_t len = strcspn(source, "*");

		room[pattern.part_count++] =
			(struct pattern_part){.text = source, .len = len};
		if (source[len] == '\0')
			return pattern;
		source += len + 1;
	}
}

/* Whether `part` begins the text from *at to `end`; then moves *at behind it.
 */
static bool take_part(const struct pattern_part *part, const char **at,
		      const char *end)
{
	if ((size_t)(end - *at) < part->len ||
	    memcmp(*at, part->text, part->len) != 0)
		return false;
	*at += part->len;
	return true;
}

static bool runit_matches(const char *source, const char *text, size_t len)
{
	const char *end = text + len;

	for (;; source++) {
		bool is_repeated = *source == '+';

		if (*source == '*') {
			if (source[1] == '\0')
				return true;
			text = memchr(text, source[1], (size_t)(end - text));
			if (!text)
				return false;
			continue;
		}
		if (is_repeated)
			source++;
		if (*source == '\0')
			return !is_repeated && text == end;
		if (text == end || *text++ != *source)
			return false;
		while (is_repeated && text < end && *text == *source)
			text++;
	}
}

/* For functions that want a string. */
static bool string_matches(const struct pattern *pattern, const char *text,
			   size_t len)
{
	char string[LINE_LIMIT + 1];

	if (len > LINE_LIMIT)
		len = LINE_LIMIT;
	memcpy(string, text, len);
	string[len] = '\0';
	if (pattern->kind == PATTERN_FNMATCH)
		return fnmatch(pattern->source, string, 0) == 0;
	return regexec(pattern->regex, string, 0, NULL, 0) == 0;
}

bool pattern_matches(const struct pattern *pattern, const char *text,
		     size_t len)
{
	const char *end = text + len;
	size_t last = pattern->part_count - 1;

	if (pattern->kind == PATTERN_RUNIT)
		return runit_matches(pattern->source, text, len);
	if (pattern->kind != PATTERN_CLASSIC)
		return string_matches(pattern, text, len);
	if (!take_part(&pattern->parts[0], &text, end))
		return false;
	for (size_t i = 1; i <= last; i++) {
		const struct pattern_part *part = &pattern->parts[i];

		if (i == last && part->len == 0)
			return true;
		/* An empty part stands before a star: that is what is next. */
		text = memchr(text, part->len > 0 ? part->text[0] : '*',
			      (size_t)(end - text));
		if (!text || !take_part(part, &text, end))
			return false;
	}
	return text == end;
}
