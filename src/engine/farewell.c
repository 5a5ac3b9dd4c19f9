/* farewell.c -- see farewell.h. */
#include <stdlib.h>
#include <unistd.h>

#include "engine/farewell.h"
#include "service/ending.h"
#include "service/inherited.h"

void farewell_open(struct farewell *farewell)
{
	farewell->fd = inherited_pipe(ENDING_VARIABLE);
	farewell->has_begun =
		farewell->fd != -1 && getenv(ENDING_BEGUN_VARIABLE);
	unsetenv(ENDING_BEGUN_VARIABLE);
}

void farewell_close(struct farewell *farewell)
{
	if (farewell->fd != -1)
		close(farewell->fd);
	farewell->fd = -1;
}

void farewell_hand_down(const struct farewell *farewell, bool keep)
{
	inherited_hand_down(farewell->fd, ENDING_VARIABLE, keep);
}

static void tell(const struct farewell *farewell, enum ending_kind kind,
		 int64_t number)
{
	const struct ending ending = {.kind = kind, .number = number};

	ending_tell(farewell->fd, &ending);
}

static void tell_of_logger(pid_t pid, void *with)
{
	tell(with, ENDING_LOGGER, pid);
}

static void list_loggers(const struct farewell *farewell)
{
	pid_t pid = service_pid(&farewell->log->service);

	scanner_visit_loggers(farewell->scanner, tell_of_logger,
			      (void *)farewell);
	if (pid != 0)
		tell(farewell, ENDING_LOGGER, pid);
	tell(farewell, ENDING_LISTED, 0);
}

void farewell_begins(const struct farewell *farewell, const char *reason)
{
	struct ending ending = {.kind = ENDING_BEGINS};
	struct strb text = strb_on(ending.text, sizeof(ending.text));

	if (farewell->fd == -1)
		return;
	if (reason)
		strb_add(&text, reason);
	ending_tell(farewell->fd, &ending);
	list_loggers(farewell);
}

void farewell_down(const struct farewell *farewell)
{
	if (farewell->fd == -1)
		return;
	tell(farewell, ENDING_DOWN, 0);
	list_loggers(farewell);
}

void farewell_over(const struct farewell *farewell, int exit_code)
{
	if (farewell->fd != -1)
		tell(farewell, ENDING_OVER, exit_code);
}
