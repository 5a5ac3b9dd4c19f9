/* request.c -- see request.h. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>

#include "log/request.h"

static volatile sig_atomic_t untaken, is_stopping;
static sigset_t handled, let_in;
static int64_t wake_due_ms; /* 0: never */

static void note(int signal)
{
	/* Handlers mask each other, so the bits don't race. */
	if (signal == SIGTERM) {
		untaken |= REQUEST_STOP;
		is_stopping = 1;
	} else {
		untaken |= signal == SIGHUP ? REQUEST_RELOAD : REQUEST_ROTATE;
	}
}

void request_init(void)
{
	struct sigaction action = {.sa_handler = note};

	sigemptyset(&handled);
	sigaddset(&handled, SIGTERM);
	sigaddset(&handled, SIGALRM);
	action.sa_mask = handled;
	sigprocmask(SIG_BLOCK, &handled, &let_in);
	sigdelset(&let_in, SIGTERM);
	sigdelset(&let_in, SIGALRM);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGALRM, &action, NULL);
}

void request_init_reload(void)
{
	struct sigaction action = {.sa_handler = note};

	sigaddset(&handled, SIGHUP);
	action.sa_mask = handled;
	sigprocmask(SIG_BLOCK, &handled, NULL);
	sigdelset(&let_in, SIGHUP);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGALRM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

static void wake(int signal)
{
	(void)signal;
}

void request_admit(int signal)
{
	struct sigaction action = {.sa_handler = wake};
	sigset_t one;

	sigemptyset(&one);
	sigaddset(&one, signal);
	sigprocmask(SIG_BLOCK, &one, NULL);
	sigaction(signal, &action, NULL);
	sigdelset(&let_in, signal);
}

void request_reset(void)
{
	struct sigaction action = {.sa_handler = SIG_DFL};

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGALRM, &action, NULL);
	if (sigismember(&handled, SIGHUP))
		sigaction(SIGHUP, &action, NULL);
	sigprocmask(SIG_SETMASK, &let_in, NULL);
}

/*
 * Runs the handlers of what is pending. ppoll(2) needn't do so when a
 * descriptor is ready, so under steady input this is what sees a request.
 */
static void admit(void)
{
	sigset_t pending;

	if (sigpending(&pending) == -1 ||
	    (!sigismember(&pending, SIGTERM) &&
	     !sigismember(&pending, SIGALRM) && !sigismember(&pending, SIGHUP)))
		return;
	sigprocmask(SIG_SETMASK, &let_in, NULL);
	sigprocmask(SIG_BLOCK, &handled, NULL);
}

int64_t request_now_ms(void)
{
	struct timespec now = {0, 0};

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void request_wake_at(int64_t due_ms)
{
	if (wake_due_ms == 0 || due_ms < wake_due_ms)
		wake_due_ms = due_ms;
}

static void look_at_clock(void)
{
	if (wake_due_ms == 0 || request_now_ms() < wake_due_ms)
		return;
	wake_due_ms = 0;
	untaken |= REQUEST_TIMER;
}

/* How long a wait may last; NULL for ever. */
static const struct timespec *time_left(struct timespec *room)
{
	int64_t left_ms = wake_due_ms - request_now_ms();

	if (wake_due_ms == 0)
		return NULL;
	if (left_ms < 0)
		left_ms = 0;
	*room = (struct timespec){.tv_sec = (time_t)(left_ms / 1000),
				  .tv_nsec = (long)(left_ms % 1000) * 1000000};
	return room;
}

int request_pending(void)
{
	admit();
	look_at_clock();
	return (int)untaken;
}

int request_take(void)
{
	int requests = request_pending();

	untaken = 0; /* they are blocked: nothing comes in between */
	return requests;
}

bool request_is_stopping(void)
{
	admit();
	return is_stopping;
}

int request_wait(int fd)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};

	struct timespec room;

	/* What is pending ends the wait; what was noted before wouldn't. */
	while (!untaken) {
		int found = ppoll(&ready, 1, time_left(&room), &let_in);

		look_at_clock();
		if (found > 0 || (found == -1 && fd == -1 && errno == EINTR))
			break;
		if (found == -1 && errno != EINTR)
			return -1;
	}
	if (request_pending()) {
		errno = EINTR;
		return -1;
	}
	return 0;
}

void request_sleep(int span_ms)
{
	struct timespec span = {.tv_sec = span_ms / 1000,
				.tv_nsec = span_ms % 1000 * 1000000L};

	ppoll(NULL, 0, &span, &let_in);
}
