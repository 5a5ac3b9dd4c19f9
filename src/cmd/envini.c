/*
 * envini.c -- run a program with variables taken from an ini file.
 *
 * Any trouble is fatal: a program must not run with half of its settings.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/env.h"
#include "base/exec.h"
#include "base/fd.h"
#include "base/options.h"
#include "base/program.h"
#include "chain/ini.h"

static const char synopsis[] = "[-p prefix] inifile child";

int main(int argc, char *argv[])
{
	const char *prefix = "";
	struct env env;
	char *text;
	size_t len;
	int letter;

	program_begin("envini", argc, argv);
	while ((letter = options_next(argc, argv, "+:p:")) != -1) {
		if (letter == '?')
			diag_usage(EXIT_USAGE, synopsis);
		prefix = optarg;
	}
	argv += optind;
	if (argc - optind < 2)
		diag_usage(EXIT_USAGE, synopsis);
	text = fd_read_all(argv[0], &len);
	if (!text)
		diag_die_errno(EXIT_SYSTEM, "unable to read %s", argv[0]);
	if (env_start(&env, environ) == -1 ||
	    ini_apply(text, len, prefix, &env) == -1)
		diag_die(EXIT_SYSTEM, "out of memory");
	free(text);
	exec_or_die(argv + 1, env.entries);
}
