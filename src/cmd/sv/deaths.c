/* deaths.c -- see deaths.h. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/calendar.h"
#include "base/diag.h"
#include "base/number.h"
#include "base/options.h"
#include "client/look.h"
#include "cmd/sv/command.h"
#include "cmd/sv/deaths.h"
#include "service/scan_dir.h"
#include "service/tally.h"
#include "view/page.h"
#include "view/row.h"
#include "view/text.h"

#define LINES_SHOWN 20
#define FAILED_MOST 99 /* as runit's sv */
#define LINE_BYTES  4096

static void print_shown(const char *text)
{
	char room[LINE_BYTES];
	struct strb shown = strb_on(room, sizeof(room));

	text_add_shown(&shown, text, SIZE_MAX);
	fputs(room, stdout);
}

static void print_end(const struct row_end *end)
{
	char room[64];
	struct strb text = strb_on(room, sizeof(room));

	row_add_end(end, &text);
	fputs(room, stdout);
}

/* ---- the deaths ---- */

/* `last`: the one that more is known of, if any. */
static void print_death(const struct tally_death *death,
			const struct row_end *last)
{
	struct row_end end = page_death(death, last);
	static struct calendar calendar;
	char at[CALENDAR_SIZE];
	size_t len = calendar_format(&calendar, death->at, at);

	/* To the microsecond, as clocks are no better. */
	printf("%.*s  ", (int)(len > 3 ? len - 3 : len), at);
	print_end(&end);
	putchar('\n');
}

/* ---- why, of one that has given up ---- */

static void print_line(void *owner, const char *at, const char *line)
{
	(void)owner;
	printf("  %s%s", at, *at != '\0' ? " " : "");
	print_shown(line);
	putchar('\n');
}

static void print_failure(const struct look *look, const struct row_end *last)
{
	char room[64];
	struct strb span = strb_on(room, sizeof(room));

	fputs(": failed for good ", stdout);
	text_add_span(&span, (int64_t)look_seconds(look));
	printf("%s ago", room);
	if (last->how == ROW_END_SIGNAL || last->how == ROW_END_EXIT) {
		fputs(": ", stdout);
		print_end(last);
	}
}

static void print_last_lines(const char *path)
{
	puts("the last lines of its log:");
	if (!page_each_line(path, "", LINES_SHOWN, print_line, NULL))
		puts("  none: what it wrote went where svscan's messages go");
}

/* ---- one service ---- */

/* False when it was said that there is none. */
static bool show(const char *name, const char *scan_dir, uint32_t most)
{
	static struct tally_death deaths[TALLY_MAX];
	char path[PATH_MAX];
	struct row_end last = {.how = ROW_END_NONE};
	struct look look;
	int dir_fd = -1, count;

	if (scan_dir_path_of(name, scan_dir, path, sizeof(path)) == 0)
		dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd == -1) {
		diag_warn_errno("unable to find %s", name);
		return false;
	}
	look_take(dir_fd, &look, NULL);
	count = tally_read(dir_fd, deaths, most);
	if (count == -1)
		diag_warn_errno("unable to read %s/" TALLY_FILE, name);
	close(dir_fd);
	print_shown(name);
	if (look.has_state)
		last = row_end_of(&look.state);
	if (look.has_state && look.state.is_failed)
		print_failure(&look, &last);
	printf("%s\n", count == 0 ? ": no deaths on record" : ":");
	for (int i = 0; i < count; i++)
		print_death(&deaths[i], &last);
	if (look.has_state && look.state.is_failed)
		print_last_lines(path);
	return count != -1;
}

int deaths_command(const char *scan_dir, int argc, char *argv[])
{
	uint64_t most = TALLY_MAX;
	int letter, failed = 0;

	while ((letter = options_next(argc, argv, "+:n:")) != -1) {
		if (letter != 'n' ||
		    number_parse(optarg, TALLY_MAX, &most) != 0)
			return COMMAND_MISUSED;
	}
	if (!argv[optind])
		return COMMAND_MISUSED;
	calendar_init();
	scan_dir = scan_dir_find(scan_dir);
	for (int i = optind; argv[i]; i++)
		failed += !show(argv[i], scan_dir, (uint32_t)most);
	if (fflush(stdout) == EOF)
		diag_die_errno(EXIT_SYSTEM, "unable to write");
	return failed < FAILED_MOST ? failed : FAILED_MOST;
}
