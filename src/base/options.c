/* options.c -- see options.h. */
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/options.h"

int options_next(int argc, char *argv[], const char *letters)
{
	const char *name = argc > 0 ? argv[0] : "";
	const char *slash = strrchr(name, '/');
	int letter;

	opterr = 0; /* glibc and musl word their own messages differently */
	letter = getopt(argc, argv, letters);
	if (letter != '?' && letter != ':')
		return letter;
	diag_print("%s: %s -- %c", slash ? slash + 1 : name,
		   letter == ':' ? "option requires an argument"
				 : "illegal option",
		   optopt);
	return '?';
}
