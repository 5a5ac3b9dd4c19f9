/* surrender.c -- see surrender.h. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/fd.h"
#include "engine/surrender.h"
#include "service/record.h"

#define RECORD_SIZE 256 /* bytes, in the end */

struct demand {
	int64_t exit_code;
	struct era era;
};

static const struct record_field fields[] = {
	{RECORD_NUMBER, "code", offsetof(struct demand, exit_code), 0},
	ERA_FIELDS(offsetof(struct demand, era)),
	{RECORD_END, NULL, 0, 0},
};

static void note(const struct surrender *surrender)
{
	struct demand demand = {.exit_code = surrender->exit_code,
				.era = *surrender->era};
	char room[RECORD_SIZE];
	struct strb text = strb_on(room, sizeof(room));

	record_write(&text, fields, &demand, '\n');
	fd_replace_file(surrender->dir_fd, surrender->file, room, text.len,
			0644);
}

/* The exit code on record, or -1: there is none of this era. */
static int recall(const struct surrender *surrender)
{
	struct demand demand = {.exit_code = -1};
	char text[RECORD_SIZE];
	long len = fd_read_own_file(surrender->dir_fd, surrender->file, text,
				    sizeof(text));

	if (len > 0)
		record_read(text, (size_t)len, fields, &demand, '\n');
	if (demand.exit_code < 0 || demand.exit_code > UINT8_MAX ||
	    era_relate(&demand.era, surrender->era) != ERA_SAME)
		return -1;
	return (int)demand.exit_code;
}

static void on_due(struct loop_timer *timer)
{
	struct surrender *surrender = timer->owner;

	surrender->on_surrender(surrender);
}

static void surrender_soon(struct surrender *surrender, int exit_code)
{
	surrender->exit_code = exit_code;
	loop_timer_set(surrender->loop, &surrender->timer, loop_now_ns());
}

bool surrender_begin(struct surrender *surrender)
{
	int exit_code = recall(surrender);

	surrender->timer =
		(struct loop_timer){.on_due = on_due, .owner = surrender};
	if (exit_code == -1)
		surrender_end(surrender); /* that of another era */
	else
		surrender_soon(surrender, exit_code);
	return exit_code != -1;
}

void surrender_demand(struct surrender *surrender, const char *name,
		      const char *why, int exit_code)
{
	struct strb reason;

	if (surrender->timer.is_set)
		return;
	reason = strb_on(surrender->reason, sizeof(surrender->reason));
	strb_add_format(&reason, "%s %s", name, why);
	diag_warn("stopping everything, to exit %d: %s %s", exit_code, name,
		  why);
	surrender_soon(surrender, exit_code);
	note(surrender);
}

void surrender_end(struct surrender *surrender)
{
	unlinkat(surrender->dir_fd, surrender->file, 0);
}
