/*
 * diag.h -- what a program says on standard error.
 *
 * A message is one line, "PROGRAM: LEVEL: TEXT[: REASON]", and one write(2),
 * so that lines of programs sharing a pipe never mix (POSIX.1-2017, write(),
 * on PIPE_BUF; longer lines are cut). Failure to write is ignored. Nothing
 * here allocates or changes errno.
 *
 * Source of the wording and the exit codes: the 0.76 specification, 1.1, 1.2.
 */
#ifndef BASE_DIAG_H
#define BASE_DIAG_H

#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))

/* The original suite's exit codes; people's scripts test for them. */
enum exit_code {
	EXIT_USAGE = 100,  /* wrong use: the same again fails again */
	EXIT_SYSTEM = 111, /* the system refused: later may succeed */
};

/* Names the program in later messages. `name` is borrowed for good. */
void diag_set_program(const char *name);

/*
 * From now on a message that would have to wait, as nobody reads the pipe that
 * standard error is, is dropped; the next one that can be written is preceded
 * by one that tells how many were. For supervisors: those who complain to each
 * other must not be able to stop each other. All other programs wait, as
 * daemontools does. What that can promise is in at_once.h.
 */
void diag_never_wait(void);

/*
 * The suite's own text for the error number `error`, independent of locale
 * and libc: static, never NULL. Source: the 0.76 specification, 1.2.
 */
const char *diag_reason(int error);

/* "PROGRAM: warning: TEXT"; the _errno form adds ": " and errno's reason. */
void diag_warn(const char *fmt, ...) PRINTF_LIKE(1, 2);
void diag_warn_errno(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* "PROGRAM: fatal: TEXT", without the exit: for a child that must _exit(). */
void diag_fatal(const char *fmt, ...) PRINTF_LIKE(1, 2);
void diag_fatal_errno(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* "PROGRAM: fatal: TEXT", then exit(code). */
_Noreturn void diag_die(int code, const char *fmt, ...) PRINTF_LIKE(2, 3);
_Noreturn void diag_die_errno(int code, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* "PROGRAM: usage: PROGRAM SYNOPSIS", then exit(code). */
_Noreturn void diag_usage(int code, const char *synopsis);

/* A line without prefix or level, for the few messages that have neither. */
void diag_print(const char *fmt, ...) PRINTF_LIKE(1, 2);

#endif
