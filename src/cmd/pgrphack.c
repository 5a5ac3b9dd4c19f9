/* pgrphack.c -- run a program in a session of its own. */
#include <unistd.h>

#include "base/diag.h"
#include "base/exec.h"
#include "base/program.h"

int main(int argc, char *argv[])
{
	program_begin("pgrphack", argc, argv);
	if (argc < 2)
		diag_usage(EXIT_USAGE, "child");
	/* Fails for a group's leader only, who has what is wanted. */
	setsid();
	exec_or_die(argv + 1, environ);
}
