/*
 * runsv.c -- supervise one service directory and its log.
 */
#include <stddef.h>

#include "base/diag.h"
#include "base/program.h"
#include "engine/alone.h"

int main(int argc, char *argv[])
{
	program_begin("runsv", argc, argv);
	diag_never_wait();
	if (argc != 2) {
		diag_print("usage: runsv dir");
		return EXIT_USAGE;
	}
	return alone_run(argv[1], NULL);
}
