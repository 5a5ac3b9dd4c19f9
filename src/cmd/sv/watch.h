/*
 * watch.h -- sv watch: what happens to services, as it happens.
 */
#ifndef CMD_SV_WATCH_H
#define CMD_SV_WATCH_H

/* Prints a line for each event of the named services, or of all in the scan
 * directory; until nobody reads them any more. A command of command.h. */
int watch_command(const char *scan_dir, int argc, char *argv[]);

#endif
