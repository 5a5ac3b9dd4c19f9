/* line.c -- see line.h. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/diag.h"
#include "base/signame.h"
#include "cmd/sv/line.h"

static const char *const phases[] = {
	[LOOK_DOWN] = "down",
	[LOOK_RUN] = "run",
	[LOOK_FINISH] = "finish",
};

/* Names may hold any byte; a terminal shall not take them for commands. */
static void print_name(const char *name)
{
	for (; *name; name++) {
		unsigned char c = (unsigned char)*name;

		putchar(c < ' ' || c == 0x7f ? '?' : c);
	}
}

/* What it waits for, or why it is waited for in vain. */
static void print_reason(const struct state *state)
{
	char name[SIGNAME_SIZE];

	if (state->waits_for[0] != '\0') {
		fputs(strcmp(state->phase, "waiting") == 0
			      ? ", waiting for "
			      : ", waiting for the file system of ",
		      stdout);
		print_name(state->waits_for);
	}
	if (!state->is_failed)
		return;
	fputs(", failed", stdout);
	if (strcmp(state->last_end, "exit") == 0)
		printf(": exit %" PRId64, state->last_number);
	else if (strcmp(state->last_end, "signal") == 0)
		printf(": %s", signame_of((int)state->last_number, name));
}

void line_service(const char *name, int dir_fd, const struct look *look)
{
	const struct status *status = &look->status;
	bool has_process = status->run_pid != 0;
	struct stat down;
	bool is_normally_up = fstatat(dir_fd, "down", &down, 0) == -1;

	if (is_normally_up && errno != ENOENT) {
		line_trouble_with(name, "stat down");
		return;
	}
	printf("%s: %s: ", phases[look->phase], name);
	if (look->phase != LOOK_DOWN)
		printf("(pid %" PRIu32 ") ", status->run_pid);
	printf("%" PRIu64 "s", look_seconds(look));
	if (has_process && !is_normally_up)
		fputs(", normally down", stdout);
	if (!has_process && is_normally_up)
		fputs(", normally up", stdout);
	if (has_process && status->is_paused)
		fputs(", paused", stdout);
	if (!has_process && status->wanted == 'u')
		fputs(", want up", stdout);
	if (has_process && status->wanted == 'd')
		fputs(", want down", stdout);
	if (has_process && status->is_term_sent)
		fputs(", got TERM", stdout);
	if (look->has_state)
		print_reason(&look->state);
}

void line_trouble_with(const char *name, const char *what)
{
	printf("warning: %s: unable to %s: %s", name, what, diag_reason(errno));
}

void line_trouble(const char *name, const struct look *look)
{
	char room[2 * PROBLEM_NAME_SIZE];
	struct strb text = strb_on(room, sizeof(room));
	struct problem problem;

	if (!look->is_hosted && look->error == ENXIO) {
		printf("fail: %s: runsv not running", name);
		return;
	}
	look_problem(look, &problem);
	problem_add(&text, &problem);
	printf("warning: %s: %s", name, room);
}

void line_end(void)
{
	putchar('\n');
	fflush(stdout);
}
