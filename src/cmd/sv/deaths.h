/*
 * deaths.h -- sv deaths: when a service died, and how; of one that has given
 * up, also what it said last.
 */
#ifndef CMD_SV_DEATHS_H
#define CMD_SV_DEATHS_H

/* Prints the deaths on record of each service, the oldest first. A command of
 * command.h. */
int deaths_command(const char *scan_dir, int argc, char *argv[]);

#endif
