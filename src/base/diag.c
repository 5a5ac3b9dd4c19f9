/* diag.c -- see diag.h. */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/at_once.h"
#include "base/diag.h"
#include "base/strb.h"

/* One of each, as there is one standard error. */
static const char *program = "holdfast";
static bool never_waits;
static unsigned long dropped_count;

void diag_set_program(const char *name)
{
	program = name;
}

void diag_never_wait(void)
{
	never_waits = true;
}

/* True: it was written, or nothing would help. */
static bool put(const char *line, size_t len)
{
	if (never_waits)
		return at_once_write(STDERR_FILENO, line, len);
	while (write(STDERR_FILENO, line, len) == -1 && errno == EINTR)
		;
	return true;
}

/* True: nothing is left to tell. */
static bool own_up(void)
{
	char room[PIPE_BUF];
	struct strb line = strb_on(room, sizeof(room));

	if (dropped_count == 0)
		return true;
	strb_add_format(&line,
			"%s: warning: nobody read standard error, messages "
			"dropped: %lu\n",
			program, dropped_count);
	if (!put(line.data, line.len))
		return false;
	dropped_count = 0;
	return true;
}

/* One write, so that lines don't mix. */
static void send_or_drop(const char *line, size_t len)
{
	if (!own_up() || !put(line, len))
		dropped_count++;
}

/*
 * Builds the line with no allocation. vsnprintf() is given the exact room left,
 * so that a cut line still ends in a newline.
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
	send_or_drop(room, line.len);
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
