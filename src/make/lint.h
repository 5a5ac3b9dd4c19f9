/*
 * lint.h -- what is wrong with a service directory, and what to do about it.
 *
 * Only what is certain is said: a warning that is wrong once is not read the
 * next time. Nothing is run or changed.
 */
#ifndef MAKE_LINT_H
#define MAKE_LINT_H

#include "client/look.h"
#include "client/survey.h"
#include "make/lint_finding.h"
#include "view/proctree.h"

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

#endif
