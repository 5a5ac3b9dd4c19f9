/*
 * setuidgid.c -- run a program under an account's user and primary group.
 *
 * The program keeps no other group: neither those of the caller nor the
 * account's supplementary ones.
 */
#include <string.h>

#include "base/diag.h"
#include "base/exec.h"
#include "base/program.h"
#include "chain/ids.h"

int main(int argc, char *argv[])
{
	const char *failed;
	struct ids ids;

	program_begin("setuidgid", argc, argv);
	if (argc < 3)
		diag_usage(EXIT_USAGE, "account child");
	if (!ids_of_account(argv[1], &ids))
		diag_die(EXIT_SYSTEM, "unknown account %s", argv[1]);
	failed = ids_take(&ids);
	if (failed && strcmp(failed, "setuid") == 0)
		diag_die_errno(EXIT_SYSTEM, "unable to setuid");
	if (failed) /* 0.76 has one text for both calls on groups */
		diag_die_errno(EXIT_SYSTEM, "unable to setgid");
	exec_or_die(argv + 2, environ);
}
