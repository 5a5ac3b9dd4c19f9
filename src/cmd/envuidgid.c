/*
 * envuidgid.c -- run a program with an account's ids in its environment.
 *
 * For programs that need privileges to start and give them up themselves.
 */
#include <inttypes.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/env.h"
#include "base/exec.h"

static void set_number(struct env *env, const char *name, uintmax_t number)
{
	char digits[sizeof("18446744073709551615")];

	snprintf(digits, sizeof(digits), "%" PRIuMAX, number);
	if (env_set(env, name, digits) == -1)
		diag_die(EXIT_SYSTEM, "out of memory");
}

int main(int argc, char *argv[])
{
	const struct passwd *account;
	struct env env;

	diag_set_program("envuidgid");
	if (argc < 3)
		diag_usage(EXIT_USAGE, "account child");
	account = getpwnam(argv[1]);
	if (!account)
		diag_die(EXIT_SYSTEM, "unknown account %s", argv[1]);
	if (env_start(&env, environ) == -1)
		diag_die(EXIT_SYSTEM, "out of memory");
	set_number(&env, "GID", account->pw_gid);
	set_number(&env, "UID", account->pw_uid);
	exec_or_die(argv + 2, env.entries);
}
