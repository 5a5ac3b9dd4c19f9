/*
 * check.h -- sv check --all: whether all is well, for those who ask a
 * container.
 */
#ifndef CMD_SV_CHECK_H
#define CMD_SV_CHECK_H

/*
 * Prints a line for each service that isn't well, or one if all are. A command
 * of command.h. Exit codes: 0, all is well; 1, something isn't; EXIT_SYSTEM:
 * the scan directory couldn't be read.
 */
int check_command(const char *scan_dir, int argc, char *argv[]);

#endif
