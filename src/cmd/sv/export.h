/*
 * export.h -- sv export: a service for another init system, or as a graph.
 */
#ifndef CMD_SV_EXPORT_H
#define CMD_SV_EXPORT_H

/*
 * Prints a unit of systemd or a script of OpenRC that runs the service
 * directory, and says what it couldn't carry over; or the graph of what the
 * service waits for. A command of command.h. Exit codes: 0; 1, something was
 * said; EXIT_SYSTEM.
 */
int export_command(const char *scan_dir, int argc, char *argv[]);

#endif
