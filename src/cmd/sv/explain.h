/*
 * explain.h -- sv explain: what the files in a service directory mean.
 */
#ifndef CMD_SV_EXPLAIN_H
#define CMD_SV_EXPLAIN_H

/* See command.h. */
int explain_command(const char *scan_dir, int argc, char *argv[]);

#endif
