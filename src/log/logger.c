/* logger.c -- see logger.h. */
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/fd.h"
#include "log/logger.h"
#include "log/request.h"

int logger_main(struct script_source source, bool is_reloading)
{
	struct multilog *log;
	bool is_well;

	umask(022);
	if (fd_ensure_standard() == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to open /dev/null");
	/* Ignored by an ancestor, it would hide how a processor ended. */
	signal(SIGCHLD, SIG_DFL);
	request_init();
	if (is_reloading)
		request_init_reload();
	log = multilog_open(source, STDIN_FILENO);
	if (!log)
		return EXIT_SYSTEM;
	is_well = multilog_run(log) == 0;
	if (multilog_close(log) == -1)
		is_well = false;
	return is_well ? 0 : EXIT_SYSTEM;
}
