/* diag.c -- see diag.h. */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/strb.h"

static const char *program = "holdfast";

void diag_set_program(const char *name)
{
	program = name;
}

/*
 * Builds the line with no allocation and sends it in one write. vsnprintf()
 * is given the exact room left, so that a cut line still ends in a newline.
 */
static void say(const char *level, const char *reason, const char *fmt,
		va_list args)
{
	char room[PIPE_BUF];
	struct strb line = {.data = room, .size_bytes = sizeof(room) - 1};
	int error = errno;

	room[0] = '\0';
	if (level) {
		strb_add(&line, program);
		strb_add(&line, ": ");
		strb_add(&line, level);
	}
	strb_add_vformat(&line, fmt, args);
	if (reason) {
		strb_add(&line, ": ");
		strb_add(&line, reason);
	}
	room[line.len++] = '\n';
	while (write(STDERR_FILENO, room, line.len) == -1 && errno == EINTR)
		;
	errno = error;
}

void diag_warn(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say("warning: ", NULL, fmt, args);
	va_end(args);
}

void diag_warn_errno(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say("warning: ", diag_reason(errno), fmt, args);
	va_end(args);
}

void diag_fatal(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say("fatal: ", NULL, fmt, args);
	va_end(args);
}

void diag_fatal_errno(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say("fatal: ", diag_reason(errno), fmt, args);
	va_end(args);
}

_Noreturn void diag_die(int code, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say("fatal: ", NULL, fmt, args);
	va_end(args);
	exit(code);
}

_Noreturn void diag_die_errno(int code, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say("fatal: ", diag_reason(errno), fmt, args);
	va_end(args);
	exit(code);
}

_Noreturn void diag_usage(int code, const char *synopsis)
{
	diag_print("%s: usage: %s %s", program, program, synopsis);
	exit(code);
}

void diag_print(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(NULL, NULL, fmt, args);
	va_end(args);
}
