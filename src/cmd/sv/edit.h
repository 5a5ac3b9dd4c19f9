/*
 * edit.h -- sv edit: another run for a service, put in place at once.
 */
#ifndef CMD_SV_EDIT_H
#define CMD_SV_EDIT_H

/* Has an editor change a copy of run, or another file of the service. A command
 * of command.h. Exit codes: 0, also if nothing was changed; EXIT_SYSTEM. */
int edit_command(const char *scan_dir, int argc, char *argv[]);

#endif
