/*
 * setuser.c -- run a program as an account would find things after a login.
 *
 * The program gets the account's user, all its groups, its home as working
 * directory, and the variables that a login sets.
 */
#include <pwd.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/env.h"
#include "base/exec.h"
#include "base/program.h"
#include "chain/ids.h"

static void set_variable(struct env *env, const char *name, const char *value)
{
	if (env_set(env, name, value) == -1)
		diag_die(EXIT_SYSTEM, "out of memory");
}

int main(int argc, char *argv[])
{
	const struct passwd *account;
	const char *failed;
	struct ids ids = {.group_count = 1};
	struct env env;

	program_begin("setuser", argc, argv);
	if (argc < 3)
		diag_usage(EXIT_USAGE, "account child");
	account = getpwnam(argv[1]);
	if (!account)
		diag_die(EXIT_SYSTEM, "unknown account %s", argv[1]);
	ids.uid = account->pw_uid;
	ids.gids[0] = account->pw_gid;
	if (env_start(&env, environ) == -1 || ids_announce(&ids, &env) == -1)
		diag_die(EXIT_SYSTEM, "out of memory");
	set_variable(&env, "HOME", account->pw_dir);
	set_variable(&env, "SHELL", account->pw_shell);
	set_variable(&env, "USER", account->pw_name);
	failed = ids_take_all(&ids, argv[1]);
	if (failed)
		diag_die_errno(EXIT_SYSTEM, "unable to %s", failed);
	/* As the account, which alone may be let in: homes can be remote. */
	if (chdir(account->pw_dir) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to switch to directory %s",
			       account->pw_dir);
	exec_or_die(argv + 2, env.entries);
}
