/* request.c -- see request.h. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>

#include "log/request.h"

static volatile sig_atomic_t untaken, is_stopping;
static sigset_t both, let_in;

static void note(int signal)
{
	/* Handlers mask each other, so the two bits don't race. */
	if (signal == SIGTERM) {
		untaken |= REQUEST_STOP;
		is_stopping = 1;
	} else {
		untaken |= REQUEST_ROTATE;
	}
}

void request_init(void)
{
	struct sigaction action = {.sa_handler = note};

	sigemptyset(&both);
	sigaddset(&both, SIGTERM);
	sigaddset(&both, SIGALRM);
	action.sa_mask = both;
	sigprocmask(SIG_BLOCK, &both, &let_in);
	sigdelset(&let_in, SIGTERM);
	sigdelset(&let_in, SIGALRM);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGALRM, &action, NULL);
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
	sigprocmask(SIG_SETMASK, &let_in, NULL);
}

/*
 * Runs the handlers of what is pending. ppoll(2) needn't do so when a
 * descriptor is ready, so under steady input this is what sees a request.
 */
static void admit(void)
{
	sigset_t pending;

	if (sigpending(&pending) == -1 || (!sigismember(&pending, SIGTERM) &&
					   !sigismember(&pending, SIGALRM)))
		return;
	sigprocmask(SIG_SETMASK, &let_in, NULL);
	sigprocmask(SIG_BLOCK, &both, NULL);
}

int request_pending(void)
{
	admit();
	return (int)untaken;
}

int request_take(void)
{
	int requests = request_pending();

	untaken = 0; /* both are blocked: nothing comes in between */
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

	/* What is pending ends the wait; what was noted before wouldn't. */
	while (!untaken && ppoll(&ready, 1, NULL, &let_in) == -1) {
		if (errno != EINTR)
			return -1;
		if (fd == -1)
			break;
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
