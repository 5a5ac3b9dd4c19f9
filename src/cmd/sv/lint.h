/*
 * lint.h -- sv lint: what is wrong with services, and what to do.
 */
#ifndef CMD_SV_LINT_H
#define CMD_SV_LINT_H

/*
 * Looks at the named services, or at all of the scan directory. A command of
 * command.h. Exit codes: 0, nothing was found; 1, something was; EXIT_SYSTEM:
 * some of them couldn't be looked at.
 */
int lint_command(const char *scan_dir, int argc, char *argv[]);

/* Prints what is wrong with the files of the service at `path`, open as
 * `dir_fd`; returns how much that is. What can't be read is not told of. */
unsigned lint_print(const char *path, int dir_fd);

#endif
