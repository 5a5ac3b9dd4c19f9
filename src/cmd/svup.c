/*
 * svup.c -- tell whether a service is up.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/options.h"
#include "base/program.h"
#include "base/tai64n.h"
#include "client/condition.h"

static const char synopsis[] = "[ -L | -l ] dir";

/* "No" has the code of wrong use, as svok's. */
#define EXIT_NOT_UP 100

static bool is_up(int dir_fd, const char *dir)
{
	struct look look;
	int64_t again_ns;

	look_take(dir_fd, &look, NULL);
	if (look.trouble) {
		if (look.error == ENOENT || look.error == ENXIO)
			return false;
		errno = look.error;
		diag_die_errno(EXIT_SYSTEM, "unable to %s of %s", look.trouble,
			       dir);
	}
	return condition_judge(CONDITION_UP, &look, &look, false, tai64n_now(),
			       &again_ns) == VERDICT_REACHED;
}

/* An inline log is a program; another is a service of its own, and counts only
 * if it is asked for. */
static bool has_inline_log(int dir_fd)
{
	struct stat status;

	return fstatat(dir_fd, "log", &status, 0) == 0 &&
	       !S_ISDIR(status.st_mode);
}

static bool is_log_up(int dir_fd, const char *dir)
{
	int log_fd = look_open_log(dir_fd);

	return log_fd != -1 && is_up(log_fd, dir);
}

int main(int argc, char *argv[])
{
	bool wants_service = true, wants_log = false, is_log_left = false;
	int letter, dir_fd;

	program_begin("svup", argc, argv);
	while ((letter = options_next(argc, argv, "+:Ll")) != -1) {
		if (letter == '?')
			diag_usage(EXIT_USAGE, synopsis);
		wants_log = letter == 'L';
		wants_service = !wants_log;
		is_log_left = letter == 'l';
	}
	if (argc - optind != 1)
		diag_usage(EXIT_USAGE, synopsis);
	argv += optind;
	dir_fd = open(argv[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to chdir to %s", argv[0]);
	if (!is_log_left && has_inline_log(dir_fd))
		wants_log = true;
	if (wants_service && !is_up(dir_fd, argv[0]))
		return EXIT_NOT_UP;
	if (wants_log && !is_log_up(dir_fd, argv[0]))
		return EXIT_NOT_UP;
	return 0;
}
