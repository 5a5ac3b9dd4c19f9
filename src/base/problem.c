/* problem.c -- see problem.h. */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>

#include "base/problem.h"

static void name_it(struct problem *problem, const char *format, va_list args)
{
	struct strb text = strb_on(problem->name, sizeof(problem->name));

	strb_add_vformat(&text, format, args);
}

int problem_note(struct problem *problem, const char *what, const char *name,
		 ...)
{
	int error = errno;
	va_list args;

	problem->what = what;
	problem->reason = diag_reason(error);
	problem->error = error;
	va_start(args, name);
	name_it(problem, name, args);
	va_end(args);
	errno = error;
	return -1;
}

int problem_note_because(struct problem *problem, const char *reason,
			 const char *what, const char *name, ...)
{
	va_list args;

	problem->what = what;
	problem->reason = reason;
	problem->error = 0;
	va_start(args, name);
	name_it(problem, name, args);
	va_end(args);
	return -1;
}

void problem_add(struct strb *text, const struct problem *problem)
{
	strb_add(text, "unable to ");
	strb_add(text, problem->what);
	if (problem->name[0] != '\0')
		strb_add(text, " ");
	strb_add(text, problem->name);
	if (problem->reason)
		strb_add(text, ": ");
	strb_add(text, problem->reason ? problem->reason : "");
}

static void say(void (*level)(const char *fmt, ...),
		const struct problem *problem)
{
	char room[PIPE_BUF];
	struct strb text = strb_on(room, sizeof(room));

	problem_add(&text, problem);
	level("%s", room);
}

void problem_warn(const struct problem *problem)
{
	say(diag_warn, problem);
}

void problem_fatal(const struct problem *problem)
{
	say(diag_fatal, problem);
}

void problem_warn_once(struct problem_said *said, const struct problem *problem)
{
	if (said->what == problem->what && said->reason == problem->reason)
		return;
	said->what = problem->what;
	said->reason = problem->reason;
	problem_warn(problem);
}
