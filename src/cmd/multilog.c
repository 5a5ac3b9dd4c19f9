/* multilog.c -- keep lines of input in size-limited, rotated files. */
#include <signal.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/fd.h"
#include "base/program.h"
#include "log/multilog.h"
#include "log/request.h"

int main(int argc, char *argv[])
{
	struct multilog *log;
	bool is_well;

	program_begin("multilog", argc, argv);
	umask(022);
	if (fd_ensure_standard() == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to open /dev/null");
	/* Ignored by an ancestor, it would hide how a processor ended. */
	signal(SIGCHLD, SIG_DFL);
	request_init();
	log = multilog_open(argc > 0 ? argv + 1 : argv, STDIN_FILENO);
	if (!log)
		return EXIT_SYSTEM;
	is_well = multilog_run(log) == 0;
	if (multilog_close(log) == -1)
		is_well = false;
	return is_well ? 0 : EXIT_SYSTEM;
}
