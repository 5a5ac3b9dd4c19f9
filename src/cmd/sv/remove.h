/*
 * remove.h -- sv enable, sv disable and sv remove: into the scan directory and
 * out of it.
 *
 * Out is in order: nobody takes the service up again, it ends, its logger has
 * read everything and ends. Only then are files removed, if they are.
 */
#ifndef CMD_SV_REMOVE_H
#define CMD_SV_REMOVE_H

/*
 * Commands of command.h. Exit codes: 0, also if it was so already; EXIT_SYSTEM;
 * EXIT_TIMED_OUT: it hasn't ended in time, and nothing was removed but the
 * link.
 */
int enable_command(const char *scan_dir, int argc, char *argv[]);
int disable_command(const char *scan_dir, int argc, char *argv[]);
int remove_command(const char *scan_dir, int argc, char *argv[]);

#endif
