/* lines.c -- see lines.h. */
#include <string.h>

#include "make/lines.h"

char *lines_take(char **at, char *end)
{
	char *line = *at;
	char *newline = memchr(line, '\n', (size_t)(end - line));

	if (!newline)
		newline = end;
	*at = newline < end ? newline + 1 : newline;
	*newline = '\0';
	return line;
}

char *lines_trim(char *text, const char *blanks)
{
	size_t len;

	text += strspn(text, blanks);
	len = strlen(text);
	while (len > 0 && strchr(blanks, text[len - 1]))
		len--;
	text[len] = '\0';
	return text;
}
