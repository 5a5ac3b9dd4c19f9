/*
 * lint_finding.h -- something that is wrong with a service directory: what the
 * files of lint.h tell of.
 */
#ifndef MAKE_LINT_FINDING_H
#define MAKE_LINT_FINDING_H

#include "base/diag.h"

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

/* Tells of one; the advice is as printf(3) makes it. */
void lint_tell(struct lint *lint, const char *file, const char *problem,
	       const char *advice, ...) PRINTF_LIKE(4, 5);

#endif
