/* options.c -- see options.h. */
#include <getopt.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/options.h"

/* The last part of argv[0]. */
static const char *name_of(int argc, char *argv[])
{
	const char *name = argc > 0 ? argv[0] : "";
	const char *slash = strrchr(name, '/');

	return slash ? slash + 1 : name;
}

static const char *complaint(int letter)
{
	return letter == ':' ? "option requires an argument" : "illegal option";
}

int options_next(int argc, char *argv[], const char *letters)
{
	int letter;

	opterr = 0; /* glibc and musl word their own messages differently */
	letter = getopt(argc, argv, letters);
	if (letter != '?' && letter != ':')
		return letter;
	diag_print("%s: %s -- %c", name_of(argc, argv), complaint(letter),
		   optopt);
	return '?';
}

int options_next_long(int argc, char *argv[], const char *letters,
		      const struct option *words)
{
	int letter;

	opterr = 0;
	letter = getopt_long(argc, argv, letters, words, NULL);
	if (letter != '?' && letter != ':')
		return letter;
	/* Of a word, no letter is known; it has been passed already. */
	if (optopt <= 0 || optopt > CHAR_MAX)
		diag_print("%s: %s -- %s", name_of(argc, argv),
			   complaint(letter), argv[optind - 1]);
	else
		diag_print("%s: %s -- %c", name_of(argc, argv),
			   complaint(letter), optopt);
	return '?';
}
