/*
 * envuidgid.c -- run a program with an account's ids in its environment.
 *
 * For programs that need privileges to start and give them up themselves.
 */
#include "base/diag.h"
#include "base/env.h"
#include "base/exec.h"
#include "base/program.h"
#include "chain/ids.h"

int main(int argc, char *argv[])
{
	struct ids ids;
	struct env env;

	program_begin("envuidgid", argc, argv);
	if (argc < 3)
		diag_usage(EXIT_USAGE, "account child");
	if (!ids_of_account(argv[1], &ids))
		diag_die(EXIT_SYSTEM, "unknown account %s", argv[1]);
	if (env_start(&env, environ) == -1 || ids_announce(&ids, &env) == -1)
		diag_die(EXIT_SYSTEM, "out of memory");
	exec_or_die(argv + 2, env.entries);
}
