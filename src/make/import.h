/*
 * import.h -- services that were written down for somebody else: plans from
 * units of systemd, from Procfiles, and from configurations of supervisord.
 *
 * Nothing is run, and nothing of a file becomes part of a script but as a
 * quoted word; only the lines of a Procfile, which are a shell's anyway, and
 * the variables that command lines of others name, mean something to a shell.
 * What can't be carried over is told of, line by line; where that could make a
 * service of somebody with more rights than were meant, or one that cannot be
 * supervised, it is not started until somebody has looked.
 * Source: systemd.unit(5), systemd.service(5), systemd.exec(5),
 * systemd.kill(5); the manuals of foreman and of supervisord.
 */
#ifndef MAKE_IMPORT_H
#define MAKE_IMPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "make/plan.h"

/* Texts are gone after the call that they are handed to. */
struct import_note {
	const char *path; /* of the file; NULL: the one that was asked for */
	unsigned line;    /* of the file; 0: of all of it */
	const char *key;  /* "ExecStart" */
	const char *why, *advice;
};

/* Starts as all zeros but for what the caller says. */
struct import {
	const char *name; /* of the service; borrowed */
	const char *path; /* of the file that is told of, as in a note */
	void (*tell)(void *with, const struct import_note *note);
	void *with;
	struct plan plan;
	struct list texts; /* what the plan borrows */
};

/*
 * Reads the `len` bytes of a unit, which text[len] ends with a '\0', and which
 * are changed. `name` is that of the unit without ".service". 0, or -1 after
 * telling why there is no service; memory that is short shows in the plan.
 */
int import_unit(struct import *import, char *text, size_t len);

/* The same for each of the services of a Procfile in the directory `dir`, an
 * absolute path: with `name` and `plan` set, `take` is called, and then the
 * plan is freed. The first that isn't 0 ends it, and is returned. */
int import_procfile(struct import *import, const char *dir, char *text,
		    size_t len, int (*take)(void *with, struct import *import));

void import_free(struct import *import);

/* ---- for the files of import ---- */

/* Tells of a line that isn't carried over, or not quite. */
void import_tell(const struct import *import, unsigned line, const char *key,
		 const char *advice, const char *why, ...) PRINTF_LIKE(5, 6);

/* A copy that lives as long as `import`; "" when memory is short. */
const char *import_keep(struct import *import, const char *text);
const char *import_keep_format(struct import *import, const char *fmt, ...)
	PRINTF_LIKE(2, 3);

/* Sets a variable of the plan, "NAME=VALUE", in place of an earlier one. */
void import_set(struct import *import, const char *variable);

/* Whether the plan has a variable of that name. */
bool import_has(const struct import *import, const char *name);

/* Whether that is the account that imports. */
bool import_is_own_account(const char *name);

#endif
