/* typed.c -- see typed.h. */
#include <string.h>
#include <strings.h>

#include "read/typed.h"

/* How much of a name is enough of it: "mon", "nov". */
#define SHORT_LEN 3

static const char digits[] = "0123456789";

/* How many letters of ASCII `text` begins with. */
static size_t count_letters(const char *text)
{
	return strspn(text, "abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
}

bool typed_is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

bool typed_take(const char **rest, const char *text)
{
	size_t len = strlen(text);

	if (strncasecmp(*rest, text, len) != 0)
		return false;
	*rest += len;
	return true;
}

bool typed_take_word(const char **rest, const char *word)
{
	return count_letters(*rest) == strlen(word) && typed_take(rest, word);
}

int typed_take_name(const char **rest, const char *const *names, size_t count)
{
	size_t len = count_letters(*rest);

	for (size_t i = 0; i < count; i++) {
		if ((len == SHORT_LEN || len == strlen(names[i])) &&
		    strncasecmp(*rest, names[i], len) == 0) {
			*rest += len;
			return (int)i;
		}
	}
	return -1;
}

bool typed_take_number(const char **rest, size_t least, size_t most,
		       int *number)
{
	size_t len = strspn(*rest, digits);

	if (len < least || len > most)
		return false;
	*number = 0;
	for (; len > 0; len--, ++*rest)
		*number = *number * 10 + (**rest - '0');
	return true;
}

bool typed_take_spaces(const char **rest)
{
	size_t len = strspn(*rest, " ");

	*rest += len;
	return len > 0;
}
