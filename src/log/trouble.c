/* trouble.c -- see trouble.h. */
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdarg.h>

#include "base/strb.h"
#include "log/request.h"
#include "log/trouble.h"

/* A rotation asked for in the meantime waits; only a stop ends the pause. */
static void pause_for(int span_ms)
{
	int64_t now_ms = request_now_ms(), due_ms = now_ms + span_ms;

	while (now_ms < due_ms && !request_is_stopping()) {
		request_sleep((int)(due_ms - now_ms));
		now_ms = request_now_ms();
	}
}

static int meet(const char *reason, const char *fmt, va_list args)
{
	char room[PATH_MAX];
	struct strb text = strb_on(room, sizeof(room));
	bool has_ended = request_is_stopping();

	strb_add_vformat(&text, fmt, args);
	diag_warn("%s, %s%s%s", room, has_ended ? "giving up" : "pausing",
		  reason ? ": " : "", reason ? reason : "");
	if (has_ended)
		return -1;
	pause_for(TROUBLE_PAUSE_MS);
	return 0;
}

int trouble(const char *fmt, ...)
{
	const char *reason = diag_reason(errno);
	va_list args;
	int result;

	va_start(args, fmt);
	result = meet(reason, fmt, args);
	va_end(args);
	return result;
}

int trouble_because(const char *reason, const char *fmt, ...)
{
	va_list args;
	int result;

	va_start(args, fmt);
	result = meet(reason, fmt, args);
	va_end(args);
	return result;
}
