/* quote.c -- see quote.h. */
#include <stdbool.h>
#include <string.h>

#include "make/quote.h"

static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "abcdefghijklmnopqrstuvwxyz"
			    "0123456789"
			    "@%_+:,./-";

/* '=' means something in the first words of a command only, and those who ask
 * for words write none there but the name of a program. */
static bool is_plain(const char *word)
{
	size_t len = strspn(word, plain);

	if (len == 0)
		return false;
	return word[len] == '\0' ||
	       (word[len] == '=' &&
		word[len + 1 + strspn(word + len + 1, plain)] == '\0');
}

void quote_word(FILE *out, const char *word)
{
	if (is_plain(word)) {
		fputs(word, out);
		return;
	}
	fputc('\'', out);
	for (; *word != '\0'; word++) {
		if (*word == '\'')
			fputs("'\\''", out);
		else
			fputc(*word, out);
	}
	fputc('\'', out);
}

void quote_words(FILE *out, const char *const words[])
{
	for (; *words; words++) {
		fputc(' ', out);
		quote_word(out, *words);
	}
}
