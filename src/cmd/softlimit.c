/*
 * softlimit.c -- run a program with lower resource limits.
 *
 * An option is obeyed when it is read, and wins over the variable that has the
 * same meaning.
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/exec.h"
#include "base/options.h"
#include "base/program.h"
#include "chain/limits.h"

static const char synopsis[] =
	"[-a allbytes] [-c corebytes] [-d databytes] [-f filebytes] "
	"[-l lockbytes] [-m membytes] [-o openfiles] [-p processes] "
	"[-r residentbytes] [-s stackbytes] [-t cpusecs] child";

/* -m comes first: it sets four, of which the others may mean one. */
static const struct variable {
	char letter;
	const char *name;
} variables[] = {
	{'m', "SOFTLIMIT_MEMBYTES"},  {'a', "SOFTLIMIT_ALLBYTES"},
	{'c', "SOFTLIMIT_COREBYTES"}, {'d', "SOFTLIMIT_DATABYTES"},
	{'f', "SOFTLIMIT_FILEBYTES"}, {'l', "SOFTLIMIT_LOCKEDBYTES"},
	{'o', "SOFTLIMIT_OPENFILES"}, {'p', "SOFTLIMIT_PROCS"},
	{'r', "SOFTLIMIT_RSSBYTES"},  {'s', "SOFTLIMIT_STACKBYTES"},
	{'t', "SOFTLIMIT_CPUSECS"},
};

static void set_limit(char letter, const struct limit *limit)
{
	const char *failed = limits_set(letter, limit);

	if (failed)
		diag_die_errno(EXIT_SYSTEM, "%s failed", failed);
}

static void obey_option(char letter, const char *text)
{
	struct limit limit;

	if (limits_parse(text, &limit) == -1) {
		if (errno == ERANGE)
			diag_print("softlimit: number too large for -%c: %s",
				   letter, text);
		diag_usage(EXIT_USAGE, synopsis);
	}
	set_limit(letter, &limit);
}

static void obey_variable(const struct variable *variable)
{
	const char *text = getenv(variable->name);
	struct limit limit;

	if (!text)
		return;
	if (limits_parse(text, &limit) == -1)
		diag_die(EXIT_USAGE, "%s is not a number, = or -: %s",
			 variable->name, text);
	set_limit(variable->letter, &limit);
}

int main(int argc, char *argv[])
{
	int letter;

	program_begin("softlimit", argc, argv);
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		obey_variable(&variables[i]);
	while ((letter = options_next(argc, argv,
				      "+:a:c:d:f:l:m:o:p:r:s:t:")) != -1) {
		if (letter == '?')
			diag_usage(EXIT_USAGE, synopsis);
		obey_option((char)letter, optarg);
	}
	if (optind >= argc)
		diag_usage(EXIT_USAGE, synopsis);
	exec_or_die(argv + optind, environ);
}
