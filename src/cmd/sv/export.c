/* export.c -- see export.h. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/options.h"
#include "cmd/sv/command.h"
#include "cmd/sv/export.h"
#include "cmd/sv/graph.h"
#include "make/export.h"
#include "service/scan_dir.h"

#define SOME_LOST 1

static const struct option words[] = {
	{"dot", no_argument, NULL, 'D'},
	{"openrc", no_argument, NULL, 'O'},
	{"systemd", no_argument, NULL, 'S'},
	{NULL, 0, NULL, 0},
};

struct exporting {
	const char *dir;
	bool has_lost;
};

static void on_lost(void *with, const char *file, const char *why,
		    const char *advice)
{
	struct exporting *exporting = with;

	diag_print("%s/%s: %s; %s", exporting->dir, file, why, advice);
	exporting->has_lost = true;
}

/* What it is called: the name of the directory that isn't a link, unless it is
 * known by a name in the scan directory. */
static const char *name_of(const char *operand, const char *dir)
{
	return strchr(operand, '/') ? strrchr(dir, '/') + 1 : operand;
}

/* The exit code. */
static int export_to(int kind, const char *scan_dir, const char *operand)
{
	char path[PATH_MAX], dir[PATH_MAX];
	struct exporting exporting = {.dir = dir};
	struct export export = {
		.dir = dir, .out = stdout, .tell = on_lost, .with = &exporting};
	const char *wrong = "it can't be read";
	int dir_fd = -1, code = EXIT_SYSTEM;

	if (scan_dir_path_of(operand, scan_dir, path, sizeof(path)) == 0 &&
	    realpath(path, dir))
		dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd != -1) {
		export.name = name_of(operand, dir);
		wrong = export_read(&export, dir_fd);
	}
	if (wrong && errno != 0) {
		diag_fatal_errno("unable to read %s", operand);
		goto out;
	}
	if (wrong) {
		diag_fatal("unable to export %s: %s", operand, wrong);
		goto out;
	}
	if (kind == 'S')
		export_systemd(&export);
	else
		export_openrc(&export);
	if (fflush(stdout) == EOF) {
		diag_fatal_errno("unable to write");
		goto out;
	}
	code = exporting.has_lost ? SOME_LOST : 0;
out:
	export_free(&export);
	if (dir_fd != -1)
		close(dir_fd);
	return code;
}

int export_command(const char *scan_dir, int argc, char *argv[])
{
	int letter, kind = 0;

	while ((letter = options_next_long(argc, argv, "+:", words)) != -1) {
		if (letter == '?' || kind != 0)
			return COMMAND_MISUSED;
		kind = letter;
	}
	if (kind == 0 || argc - optind != 1 || *argv[optind] == '\0')
		return COMMAND_MISUSED;
	scan_dir = scan_dir_find(scan_dir);
	if (kind != 'D')
		return export_to(kind, scan_dir, argv[optind]);
	if (graph_print_from(scan_dir, argv[optind]) == 0)
		return 0;
	diag_fatal_errno("unable to show %s", argv[optind]);
	return EXIT_SYSTEM;
}
