/*
 * runsvchdir.c -- turn the link of runsvdir's directory to another one.
 *
 * "current" is replaced whole, so there is always one; what it was is kept as
 * "previous".
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/program.h"

#ifndef HOLDFAST_RUNSVDIRS
#define HOLDFAST_RUNSVDIRS "/etc/runit/runsvdir"
#endif

static void check_target(const char *dir)
{
	struct stat status;

	if (dir[0] == '.')
		diag_die(EXIT_SYSTEM, "%s: must not start with a dot", dir);
	if (chdir(HOLDFAST_RUNSVDIRS) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to chdir to %s",
			       HOLDFAST_RUNSVDIRS);
	if (stat(dir, &status) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to stat %s", dir);
	if (!S_ISDIR(status.st_mode))
		diag_die(EXIT_SYSTEM, "%s: not a directory", dir);
}

/* "previous" becomes a link to what "current" is one to. */
static void keep_previous(void)
{
	char target[PATH_MAX];
	ssize_t len = readlink("current", target, sizeof(target) - 1);

	if (len == -1 && errno == ENOENT)
		return; /* the first time */
	if (len == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to read link current");
	target[len] = '\0';
	if (unlink("previous.new") == -1 && errno != ENOENT)
		diag_die_errno(EXIT_SYSTEM, "unable to remove previous.new");
	if (symlink(target, "previous.new") == -1 ||
	    rename("previous.new", "previous") == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to make previous");
}

int main(int argc, char *argv[])
{
	program_begin("runsvchdir", argc, argv);
	if (argc != 2 || argv[1][0] == '\0') {
		diag_print("usage: runsvchdir dir");
		return EXIT_USAGE;
	}
	check_target(argv[1]);
	if (unlink("current.new") == -1 && errno != ENOENT)
		diag_die_errno(EXIT_SYSTEM, "unable to remove current.new");
	if (symlink(argv[1], "current.new") == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to make current.new");
	keep_previous();
	if (rename("current.new", "current") == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to make current");
	return 0;
}
