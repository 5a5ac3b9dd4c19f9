/*
 * svscanctl.c -- tell the svscan of a scan directory what to do.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/options.h"
#include "base/program.h"
#include "client/commands.h"
#include "service/scan_control.h"

static const char synopsis[] = "[ -s | -t | -d | -u ] [ dir ]";

static int open_control(const char *dir)
{
	int control_fd;

	if (chdir(dir) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to chdir to %s", dir);
	control_fd = scan_control_open(AT_FDCWD);
	if (control_fd == -1 && (errno == ENXIO || errno == ENOENT))
		diag_die(EXIT_USAGE, "unable to control %s: svscan not running",
			 dir);
	if (control_fd == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to control %s", dir);
	return control_fd;
}

int main(int argc, char *argv[])
{
	const char *dir = HOLDFAST_SCANDIR;
	char letters[16];
	int64_t patience_ns = COMMANDS_PATIENCE_NS;
	size_t count = 0;
	int letter, control_fd;

	program_begin("svscanctl", argc, argv);
	while ((letter = options_next(argc, argv, "+:stdu")) != -1) {
		if (letter == '?')
			diag_usage(EXIT_USAGE, synopsis);
		if (count < sizeof(letters) && !memchr(letters, letter, count))
			letters[count++] = (char)letter;
	}
	if (argc - optind > 1)
		diag_usage(EXIT_USAGE, synopsis);
	if (argc > optind)
		dir = argv[optind];
	control_fd = open_control(dir);
	signal(SIGPIPE, SIG_IGN);
	if (count > 0 && commands_write(control_fd, letters, count) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to control %s", dir);
	commands_close(control_fd, &patience_ns);
	return 0;
}
