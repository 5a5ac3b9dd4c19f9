/*
 * svscan.c -- supervise every service of a scan directory, in one process.
 */
#include <signal.h>
#include <unistd.h>

#include "base/diag.h"
#include "engine/scan.h"

static void on_signal(void *owner, int number)
{
	struct scanner *scanner = owner;

	if (number == SIGHUP)
		scanner_scan(scanner);
	else
		scanner_stop(scanner);
}

int main(int argc, char *argv[])
{
	struct spawner spawner;
	struct scanner *scanner = NULL;
	struct loop *loop;

	diag_set_program("svscan");
	if (argc > 1 && chdir(argv[1]) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to chdir to %s", argv[1]);
	if (spawner_open(&spawner) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to set up descriptors");
	loop = loop_new();
	if (loop)
		scanner = scanner_new(loop, &spawner);
	if (!scanner || loop_on_signal(loop, on_signal, scanner) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to start");
	if (getpid() == 1)
		loop_reap_orphans(loop);
	if (loop_run(loop) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to wait for events");
	scanner_free(scanner);
	loop_free(loop);
	return 0;
}
