/*
 * svscan.c -- supervise every service of a scan directory, in one process.
 */
#include <stddef.h>

#include "base/diag.h"
#include "base/program.h"
#include "engine/scanning.h"

int main(int argc, char *argv[])
{
	static const struct scanning_rules rules = {
		.on_term = SCAN_STOP,
		.on_hangup = SCAN_NOW,
		.detached_code = EXIT_DETACHED,
	};

	program_begin("svscan", argc, argv);
	diag_never_wait();
	return scanning_run(&rules, argc > 0 ? argv[0] : "svscan",
			    argc > 1 ? argv[1] : NULL,
			    argc > 2 ? argv[2] : NULL);
}
