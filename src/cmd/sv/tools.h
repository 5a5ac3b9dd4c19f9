/*
 * tools.h -- where the scripts that sv writes find the programs of this suite.
 *
 * Other suites have a chpst, a softlimit, a setuidgid and a multilog, too,
 * which take other options or lose lines. A script never depends on whose is
 * found first.
 */
#ifndef CMD_SV_TOOLS_H
#define CMD_SV_TOOLS_H

#include <limits.h>

/* For struct plan: the folder in which they stand beside this one, written to
 * `room`; NULL where the system doesn't tell, or they aren't there. */
const char *tools_folder(char room[PATH_MAX]);

/* The same, but NULL also where PATH leads to none but ours, so that their
 * names will do, and read better. */
const char *tools_folder_if_needed(char room[PATH_MAX]);

#endif
