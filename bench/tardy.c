/*
 * tardy.c -- a service that takes a while to be ready, then sleeps.
 *
 * It says so on descriptor 3, after as many milliseconds as $TARDY_MS has.
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/fd.h"

int main(void)
{
	const char *text = getenv("TARDY_MS");
	long ms = text ? strtol(text, NULL, 10) : 0;
	struct timespec left = {.tv_sec = ms / 1000,
				.tv_nsec = ms % 1000 * 1000000};

	diag_set_program("tardy");
	while (nanosleep(&left, &left) == -1 && errno == EINTR)
		;
	if (fd_write_all(3, "\n", 1) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to say that it is ready");
	for (;;)
		pause();
}
