/* top.c -- see top.h. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/self.h"
#include "base/strb.h"
#include "cmd/sv/command.h"
#include "cmd/sv/top.h"
#include "service/scan_dir.h"

int top_command(const char *scan_dir, int argc, char *argv[])
{
	char folder[PATH_MAX], room[PATH_MAX + sizeof("/svtop")];
	struct strb path = strb_on(room, sizeof(room));

	(void)argv;
	if (argc > 1)
		return COMMAND_MISUSED;
	scan_dir = scan_dir_find(scan_dir);
	if (self_folder(folder, sizeof(folder)) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to find svtop");
	strb_add_format(&path, "%s/svtop", folder);
	execl(room, "svtop", "-d", scan_dir, (char *)NULL);
	if (errno == ENOENT)
		diag_die(EXIT_SYSTEM,
			 "there is no %s: it is built where ncurses is; "
			 "without it, there is sv, and sv watch",
			 room);
	diag_die_errno(EXIT_SYSTEM, "unable to run %s", room);
}
