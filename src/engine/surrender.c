/* surrender.c -- see surrender.h. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/fd.h"
#include "engine/surrender.h"
#include "service/record.h"
#include "service/state.h"

struct demand {
	int64_t exit_code;
	char boot_id[BOOT_ID_SIZE];
};

static const struct record_field fields[] = {
	{RECORD_NUMBER, "code", offsetof(struct demand, exit_code), 0},
	{RECORD_TEXT, "boot", offsetof(struct demand, boot_id), BOOT_ID_SIZE},
	{RECORD_END, NULL, 0, 0},
};

static void note(const struct surrender *surrender)
{
	struct demand demand = {.exit_code = surrender->exit_code};
	char room[100];
	struct strb text = strb_on(room, sizeof(room));

	memcpy(demand.boot_id, surrender->boot_id, sizeof(demand.boot_id));
	record_write(&text, fields, &demand, '\n');
	fd_replace_file(surrender->dir_fd, surrender->file, room, text.len,
			0644);
}

/* The exit code on record, or -1: there is none of this boot. */
static int recall(const struct surrender *surrender)
{
	struct demand demand = {.exit_code = -1};
	char text[100];
	long len = fd_read_file(surrender->dir_fd, surrender->file, text,
				sizeof(text));

	if (len > 0)
		record_read(text, (size_t)len, fields, &demand, '\n');
	if (demand.exit_code < 0 || demand.exit_code > UINT8_MAX ||
	    strcmp(demand.boot_id, surrender->boot_id) != 0)
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
		surrender_end(surrender); /* that of another boot */
	else
		surrender_soon(surrender, exit_code);
	return exit_code != -1;
}

void surrender_demand(struct surrender *surrender, const char *name,
		      int exit_code)
{
	if (surrender->timer.is_set)
		return;
	diag_warn("stopping everything, to exit %d: %s has given up", exit_code,
		  name);
	surrender_soon(surrender, exit_code);
	note(surrender);
}

void surrender_end(struct surrender *surrender)
{
	unlinkat(surrender->dir_fd, surrender->file, 0);
}
