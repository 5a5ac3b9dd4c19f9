/*
 * status.h -- sv status: how services are, for people and for programs.
 */
#ifndef CMD_SV_STATUS_H
#define CMD_SV_STATUS_H

/*
 * Without names a table of all services: on a terminal for people, else with
 * tabs. With names a page each on a terminal, else runit's line. With --json
 * an object a line. A command of command.h.
 *
 * Exit codes: of the table, 1 if a service is in trouble; of names, runit's.
 */
int status_command(const char *scan_dir, int argc, char *argv[]);

/* Prints runit's line of each service, up to a NULL. Returns of how many it
 * isn't known how they are. */
int status_lines(const char *scan_dir, char *const names[]);

#endif
