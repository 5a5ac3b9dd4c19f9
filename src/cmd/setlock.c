/*
 * setlock.c -- hold a lock on a file while a program runs.
 *
 * The lock belongs to a descriptor that the program inherits, so the kernel
 * drops it when the program and all that it shared it with have ended.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/exec.h"
#include "base/options.h"

static const char synopsis[] = "[ -nNxX ] file program [ arg ... ]";

int main(int argc, char *argv[])
{
	bool is_waiting = true, is_quiet = false;
	int letter, lock_fd;

	diag_set_program("setlock");
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

	lock_fd =
		open(argv[0], O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, 0600);
	if (lock_fd == -1) {
		if (is_quiet)
			return 0;
		diag_die_errno(EXIT_SYSTEM, "unable to open %s", argv[0]);
	}
	if (flock(lock_fd, is_waiting ? LOCK_EX : LOCK_EX | LOCK_NB) == -1) {
		if (is_quiet)
			return 0;
		diag_die_errno(EXIT_SYSTEM, "unable to lock %s", argv[0]);
	}
	exec_or_die(argv + 1, environ);
}
