/*
 * try.h -- sv try: a command, supervised here and now.
 */
#ifndef CMD_SV_TRY_H
#define CMD_SV_TRY_H

/*
 * Supervises a command in the foreground until a signal comes, or it won't be
 * started again; then nothing is left of it, neither processes nor files. A
 * command of command.h. Exit codes: 0 after a signal, EXIT_SYSTEM, or that of
 * the command's last end: 128 and the signal if one killed it.
 */
int try_command(const char *scan_dir, int argc, char *argv[]);

#endif
