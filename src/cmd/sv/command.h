/*
 * command.h -- what sv has besides runit's commands: each is a function.
 *
 * The table is in sv.c; a command is known by its whole name only, and before
 * runit's, which are known by their first letters, too.
 */
#ifndef CMD_SV_COMMAND_H
#define CMD_SV_COMMAND_H

/* Wrong use: the caller says the usage of the command, and exits 100. */
#define COMMAND_MISUSED (-1)

struct command {
	const char *name;
	const char *usage; /* what follows "usage: sv " */
	/*
	 * Carries it out. argv[0] is the name, so that options are read with
	 * options_next(); `scan_dir` is what sv -d said, or NULL, for
	 * scan_dir_find(). Returns the exit code, or COMMAND_MISUSED.
	 */
	int (*run)(const char *scan_dir, int argc, char *argv[]);
};

#endif
