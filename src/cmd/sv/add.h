/*
 * add.h -- sv add: a service directory for a command.
 */
#ifndef CMD_SV_ADD_H
#define CMD_SV_ADD_H

/*
 * Makes the service directory, and links it into the scan directory; with
 * --dry-run it only shows it. A command of command.h. Exit codes: 0, or
 * EXIT_SYSTEM: nothing of it is supervised.
 */
int add_command(const char *scan_dir, int argc, char *argv[]);

#endif
