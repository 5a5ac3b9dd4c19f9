/*
 * allow.h -- sv allow and sv deny: who may see services, and control them.
 */
#ifndef CMD_SV_ALLOW_H
#define CMD_SV_ALLOW_H

/* See command.h. */
int allow_command(const char *scan_dir, int argc, char *argv[]);
int deny_command(const char *scan_dir, int argc, char *argv[]);

#endif
