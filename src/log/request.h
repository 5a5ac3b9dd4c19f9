/*
 * request.h -- what signals ask of a logger: TERM to stop, ALRM to rotate.
 *
 * After request_init() both are blocked, and let in only by the functions
 * here; so no other system call is interrupted, and no request is lost
 * between looking for one and going to sleep. State is the process's own, as
 * signal dispositions are.
 */
#ifndef LOG_REQUEST_H
#define LOG_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

enum request {
	REQUEST_STOP = 1,
	REQUEST_ROTATE = 2,
	REQUEST_TIMER = 4, /* no signal: request_wake_at() */
	REQUEST_RELOAD = 8,
};

/* Blocks and catches both signals. Cannot fail. */
void request_init(void);

/* Has HUP ask for a reload, from now on. */
void request_init_reload(void);

/*
 * From now on `signal` ends waits, too. It is no request, and otherwise as
 * blocked as they are.
 */
void request_admit(int signal);

/* In a new child, before exec: both signals default and unblocked. */
void request_reset(void);

/* Milliseconds of the clock that request_wake_at() goes by. */
int64_t request_now_ms(void);

/* Makes a REQUEST_TIMER then, unless an earlier one is to come. */
void request_wake_at(int64_t due_ms);

/* The requests that arrived and weren't taken yet, as bits; takes nothing. */
int request_pending(void);

/* The same, and takes them. */
int request_take(void);

/* Whether a stop was ever asked for, taken or not. */
bool request_is_stopping(void);

/*
 * Waits until `fd` is readable, at its end or in error: 0, or -1 with errno.
 * With -1 for `fd`, waits until the signal of request_admit() comes. EINTR says
 * that a request waits to be taken. One that was made before the input came is
 * reported first, and steady input keeps none out.
 */
int request_wait(int fd);

/* Sleeps for at most `span_ms`; a new request ends it early. */
void request_sleep(int span_ms);

#endif
