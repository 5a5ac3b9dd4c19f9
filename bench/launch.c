/*
 * launch.c -- starts the clock, then becomes the program to measure.
 *
 * What the measuring script spends until a child of it runs is thus not
 * counted as the program's.
 */
#include <unistd.h>

#include "base/diag.h"
#include "base/exec.h"
#include "report.h"

int main(int argc, char *argv[])
{
	diag_set_program("launch");
	if (argc < 2)
		diag_usage(EXIT_USAGE, "program [argument ...]");
	if (report_self() == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to report");
	exec_or_die(argv + 1, environ);
}
