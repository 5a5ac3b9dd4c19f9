/*
 * envdir.c -- run a program with variables taken from a directory's files.
 *
 * Any trouble is fatal: a program must not run with half of its settings.
 */
#include <string.h>

#include "base/diag.h"
#include "base/env.h"
#include "base/exec.h"
#include "base/program.h"
#include "chain/envdir.h"

static const char synopsis[] = "dir child";

_Noreturn static void die(const struct envdir *envdir)
{
	switch (envdir->step) {
	case ENVDIR_REMEMBER:
		diag_die_errno(EXIT_SYSTEM,
			       "unable to switch to current directory");
	case ENVDIR_ENTER:
		diag_die_errno(EXIT_SYSTEM, "unable to switch to directory %s",
			       envdir->path);
	case ENVDIR_LIST:
		diag_die_errno(EXIT_SYSTEM, "unable to read directory %s",
			       envdir->path);
	case ENVDIR_READ:
		diag_die_errno(EXIT_SYSTEM, "unable to read %s/%s",
			       envdir->path, envdir->name);
	case ENVDIR_RETURN:
		diag_die_errno(EXIT_SYSTEM,
			       "unable to switch to starting directory");
	case ENVDIR_ALLOCATE: break;
	}
	diag_die(EXIT_SYSTEM, "out of memory");
}

/*
 * Takes "-p PREFIX" or "-pPREFIX" off the arguments; returns how many those
 * are. Nothing else is an option: a directory's name may begin with a dash.
 */
static int take_prefix(int argc, char *argv[], const char **prefix)
{
	if (argc < 3 || strncmp(argv[1], "-p", 2) != 0)
		return 0;
	*prefix = argv[1][2] ? argv[1] + 2 : argv[2];
	return argv[1][2] ? 1 : 2;
}

int main(int argc, char *argv[])
{
	struct env env;
	struct envdir envdir = {.env = &env, .prefix = ""};
	int taken = take_prefix(argc, argv, &envdir.prefix);

	program_begin("envdir", argc, argv);
	if (argc - taken < 3)
		diag_usage(EXIT_SYSTEM, synopsis); /* 111, as ever */
	argv += taken;
	envdir.path = argv[1];
	if (env_start(&env, environ) == -1)
		diag_die(EXIT_SYSTEM, "out of memory");
	if (envdir_apply(&envdir) == -1)
		die(&envdir);
	exec_or_die(argv + 2, env.entries);
}
