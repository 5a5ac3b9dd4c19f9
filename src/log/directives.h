/*
 * directives.h -- the `config` files of log directories, as runit has them.
 *
 * Each directory has a file of its own, with a line for each directive; what
 * can't be understood is told of and passed over. The directories are there
 * already, and one that can't be opened is left out. Source: svlogd(8) of
 * runit 2.1.
 */
#ifndef LOG_DIRECTIVES_H
#define LOG_DIRECTIVES_H

#include "log/script.h"

/* What the command line says; holds for all directories. */
struct directives {
	char *const *paths; /* borrowed; of directories, NULL-terminated */
	enum mark_kind mark;
	size_t line_limit;    /* bytes; at least 1 */
	const char *replaced; /* borrowed; as in struct script */
	const char *told_as;  /* borrowed; likewise */
};

/*
 * Makes a script of what is in `config` of each directory now. `context` is a
 * struct directives, which must outlive the script. 0, or -1 with ENOMEM; in
 * both cases script_free() ends it.
 */
int directives_read(struct script *script, void *context);

#endif
