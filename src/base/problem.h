/*
 * problem.h -- an error as a value: what couldn't be done, to what, and why.
 *
 * It is made where the file's name is known and errno is still that of the call
 * that failed, and handed on until somebody has a use for it: a message, a
 * page, JSON. Of fixed size; nothing is allocated, and the sentence is put
 * together only when it is asked for.
 */
#ifndef BASE_PROBLEM_H
#define BASE_PROBLEM_H

#include <stdbool.h>

#include "base/diag.h"
#include "base/strb.h"

#define PROBLEM_NAME_SIZE 1024 /* bytes; longer names are cut */

struct problem {
	const char *what;   /* "make", as in "unable to make"; static */
	const char *reason; /* static; NULL: the words say it all */
	int error;          /* errno, if the reason is that; 0: it isn't */
	char name[PROBLEM_NAME_SIZE]; /* of what; "": `what` says it */
};

/*
 * Notes one; the reason is errno's, which stays. `what` is borrowed for good.
 * Returns -1, for the caller to pass on.
 */
int problem_note(struct problem *problem, const char *what, const char *name,
		 ...) PRINTF_LIKE(3, 4);
/* The same with a reason in words, borrowed for good, or NULL. */
int problem_note_because(struct problem *problem, const char *reason,
			 const char *what, const char *name, ...)
	PRINTF_LIKE(4, 5);

/* Adds "unable to WHAT NAME: REASON". */
void problem_add(struct strb *text, const struct problem *problem);

/* Says so, as diag.h says things. */
void problem_warn(const struct problem *problem);
void problem_fatal(const struct problem *problem);

/* What was said last of something, so that it is said once. */
struct problem_said {
	const char *what, *reason; /* static; NULL: nothing */
};

/* Warns of it, unless that was the last thing said. */
void problem_warn_once(struct problem_said *said,
		       const struct problem *problem);

#endif
