/*
 * import.h -- sv import: service directories from units, Procfiles and
 * configurations of supervisord.
 */
#ifndef CMD_SV_IMPORT_H
#define CMD_SV_IMPORT_H

/*
 * Makes a service directory for each service of the files, as sv add does, and
 * says, "FILE:LINE: KEY: WHY; WHAT TO DO", what it couldn't carry over. A
 * command of command.h. Exit codes: 0; 1, something was said; EXIT_SYSTEM, a
 * service wasn't made.
 */
int import_command(const char *scan_dir, int argc, char *argv[]);

#endif
