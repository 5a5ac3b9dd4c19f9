/* svscanboot.c -- keep svscan running, and its errors in sight. */
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/program.h"
#include "base/self.h"
#include "boot/boot.h"

#define TITLE_BYTES 400

int main(int argc, char *argv[])
{
	static char dots[TITLE_BYTES + 1];
	static char scan_dir[] = HOLDFAST_SCANDIR;
	char *title_argv[] = {"readproctitle", "service", "errors:", dots,
			      NULL};
	char *svscan_argv[] = {"svscan", argc > 1 ? argv[1] : scan_dir,
			       argc > 2 ? argv[2] : NULL, NULL};
	static struct boot boot;

	program_begin("svscanboot", argc, argv);
	diag_never_wait();
	if (argc > 3 || (argc > 1 && argv[1][0] == '-'))
		diag_usage(EXIT_USAGE, "[scandir [logservice]]");
	/* It may come with a file system that is mounted later. */
	if (access(svscan_argv[1], X_OK) == -1)
		diag_warn_errno("unable to use %s, trying again every second",
				svscan_argv[1]);
	memset(dots, '.', TITLE_BYTES);
	boot.title.argv = title_argv;
	boot.svscan.argv = svscan_argv;
	readiness_take(&boot.readiness);
	boot_find_folder(&boot, argv[0]);
	boot_set_environment(&boot);
	if (boot_open(&boot) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to set up descriptors");
	boot_catch_signals(&boot);
	self_adopt_orphans(); /* where it can't, orphans go to process 1 */
	return boot_run(&boot);
}
