/*
 * top.h -- sv top: all services, live.
 */
#ifndef CMD_SV_TOP_H
#define CMD_SV_TOP_H

/* Becomes svtop of the same folder. A command of command.h. */
int top_command(const char *scan_dir, int argc, char *argv[]);

#endif
