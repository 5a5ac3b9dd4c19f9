/*
 * setuidgid.c -- run a program under an account's user and primary group.
 *
 * The program keeps no other group: neither those of the caller nor the
 * account's supplementary ones. The order matters: the groups can only be
 * changed while the user id still allows it.
 */
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/exec.h"

int main(int argc, char *argv[])
{
	const struct passwd *account;

	diag_set_program("setuidgid");
	if (argc < 3)
		diag_usage(EXIT_USAGE, "account child");
	account = getpwnam(argv[1]);
	if (!account)
		diag_die(EXIT_SYSTEM, "unknown account %s", argv[1]);
	if (setgroups(1, &account->pw_gid) == -1 ||
	    setgid(account->pw_gid) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to setgid");
	if (setuid(account->pw_uid) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to setuid");
	exec_or_die(argv + 2, environ);
}
