/*
 * lint.h -- what is wrong with a service directory, and what to do about it.
 *
 * Only what is certain is said: a warning that is wrong once is not read the
 * next time. Nothing is run or changed.
 */
#ifndef MAKE_LINT_H
#define MAKE_LINT_H

#include <stdbool.h>

#include "base/diag.h"
#include "client/look.h"
#include "client/survey.h"
#include "view/proctree.h"

/* Texts are gone after the call that they are handed to. */
struct lint_finding {
	const char *file;    /* in the service directory; "": the directory */
	const char *problem; /* what is wrong */
	const char *advice;  /* what to do */
};

struct lint {
	void (*on_finding)(void *with, const struct lint_finding *finding);
	void *with;
	unsigned count; /* of findings so far */
};

/* Tells of one; the advice is as printf(3) makes it. For the files of lint. */
void lint_tell(struct lint *lint, const char *file, const char *problem,
	       const char *advice, ...) PRINTF_LIKE(4, 5);

/*
 * Looks at the service directory open as `dir_fd`, and at its log. 0, or -1
 * with errno: it couldn't be read.
 */
int lint_directory(struct lint *lint, int dir_fd);

/*
 * Looks at the processes of the service that `look` saw. `recent_deaths` are
 * those of client/survey.h.
 */
void lint_processes(struct lint *lint, int dir_fd, const struct look *look,
		    unsigned recent_deaths, const struct proctree *tree);

/* Looks at what the service needs: cycles, and names that nobody has. 0, or -1
 * with errno when memory is short. */
int lint_needs(struct lint *lint, const struct survey *survey,
	       const char *name);

/* ---- parts of lint_directory(), each in its own file ---- */

/* A logger that may not write its directory; `log_fd` is that of log/, whose
 * script `run` has that text. (lint_log.c) */
void lint_log(struct lint *lint, int log_fd, const char *run);

#endif
