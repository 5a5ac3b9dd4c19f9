/* setlock.c -- hold a lock on a file while a program runs. */
#include <stdbool.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/exec.h"
#include "base/options.h"
#include "base/program.h"
#include "chain/lock.h"

static const char synopsis[] = "[ -nNxX ] file program [ arg ... ]";

int main(int argc, char *argv[])
{
	bool is_waiting = true, is_quiet = false;
	const char *failed;
	int letter, lock_fd;

	program_begin("setlock", argc, argv);
	while ((letter = options_next(argc, argv, "+:nNxX")) != -1) {
		switch (letter) {
		case 'n': is_waiting = false; break;
		case 'N': is_waiting = true; break;
		case 'x': is_quiet = true; break;
		case 'X': is_quiet = false; break;
		default: diag_usage(EXIT_USAGE, synopsis);
		}
	}
	if (argc - optind < 2)
		diag_usage(EXIT_USAGE, synopsis);
	argv += optind;

	failed = lock_take(argv[0], is_waiting, &lock_fd);
	if (failed) {
		if (is_quiet)
			return 0;
		diag_die_errno(EXIT_SYSTEM, "unable to %s %s", failed, argv[0]);
	}
	exec_or_die(argv + 1, environ);
}
