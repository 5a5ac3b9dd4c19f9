/* draw.c -- the screen: a summary, the table, what keys do, the last message.
 *
 * curses sends only what differs from what is there: on a slow line a second
 * costs a few bytes. */
#include <curses.h>
#include <string.h>

#include "top/top.h"
#include "view/logline.h"
#include "view/table.h"
#include "view/text.h"

static const char *const order_names[] = {
	[TOP_BY_TROUBLE] = "trouble",
	[TOP_BY_NAME] = "name",
	[TOP_BY_MEMORY] = "memory",
	[TOP_BY_CPU] = "cpu",
};

static const char *const help[] = {
	"up down j k    select a service (also page up and down, home, end)",
	"enter i        all about it (sv status)",
	"l              follow its log (svlog -f); ^C comes back",
	"s              start it: up, and start it again whenever it ends",
	"x              stop it: down, and don't start it again",
	"r              restart it",
	"p c            pause it (STOP); let it continue (CONT)",
	"K              send it a signal by name: hup, term, kill, 1, ...",
	"/              show only names and states with some text; escape: all",
	"o              order: trouble first, name, memory, cpu",
	"h ?            this help",
	"q              quit",
	"",
	"CPU is the share of one processor, MEM what is resident, RST how",
	"often it was restarted: of all processes that it has started.",
	NULL,
};

static size_t width(void)
{
	/* The last column is left alone: writing there makes some terminals
	 * go to the next line. */
	return COLS > 1 ? (size_t)COLS - 1 : 1;
}

static void put_line(int y, const char *text, attr_t attributes)
{
	char room[TABLE_LINE_SIZE];
	struct strb line = strb_on(room, sizeof(room));

	text_add_left(&line, text, width());
	attrset((int)attributes);
	mvaddstr(y, 0, room);
	attrset(A_NORMAL);
	clrtoeol();
}

static void put_summary(const struct top *top)
{
	char room[TABLE_LINE_SIZE], words[2 * TOP_TEXT];
	struct strb line = strb_on(room, sizeof(room));
	struct strb remark = strb_on(words, sizeof(words));

	if (top->order != TOP_BY_TROUBLE)
		strb_add_format(&remark, "; by %s", order_names[top->order]);
	if (top->filter[0] != '\0')
		strb_add_format(&remark, "; only %s", top->filter);
	overview_add_title(&top->overview, words, width(), &line);
	put_line(0, room, A_BOLD);
}

/* ---- the table ---- */

static attr_t colour_of(const struct top *top, enum row_health health)
{
	static const attr_t attributes[] = {
		[ROW_BAD] = A_BOLD,
		[ROW_BUSY] = A_NORMAL,
		[ROW_GOOD] = A_NORMAL,
		[ROW_IDLE] = A_DIM,
	};

	if (!top->has_colour)
		return attributes[health];
	return attributes[health] | COLOR_PAIR(health + 1);
}

static void put_row(const struct top *top, const struct table *table,
		    struct row *row, int y, bool is_selected)
{
	char room[TABLE_LINE_SIZE], state[TABLE_LINE_SIZE];
	struct strb line = strb_on(room, sizeof(room));
	struct strb part = strb_on(state, sizeof(state));
	struct table_mark mark;
	int before;

	table_add_row(table, row, &top->overview.moment, &line, &mark);
	if (is_selected) {
		put_line(y, room, A_REVERSE);
		return;
	}
	put_line(y, room, A_NORMAL);
	strb_add_bytes(&part, room + mark.offset, mark.len);
	room[mark.offset] = '\0';
	before = (int)text_width(room);
	attrset((int)colour_of(top, row_health(row)));
	mvaddstr(y, before, state);
	attrset(A_NORMAL);
}

static void put_table(struct top *top)
{
	size_t room = terminal_room(), last;
	struct table table = {.has_shares = true};
	char heading[TABLE_LINE_SIZE];
	struct strb line = strb_on(heading, sizeof(heading));

	if (top->at < top->first)
		top->first = top->at;
	if (room > 0 && top->at >= top->first + room)
		top->first = top->at - room + 1;
	if (top->first + room > top->row_count)
		top->first = top->row_count > room ? top->row_count - room : 0;
	last = top->first + room < top->row_count ? top->first + room
						  : top->row_count;
	for (size_t i = top->first; i < last; i++)
		logline_last(top->rows[i]->name, top->scan_dir,
			     top->rows[i]->log_line, ROW_LOG_SIZE);
	/* All rows count, so that scrolling moves no column. */
	table_plan(&table, top->overview.rows, top->overview.count,
		   &top->overview.moment, width());
	table_add_heading(&table, &line);
	put_line(1, heading, A_UNDERLINE);
	for (size_t i = top->first; i < top->first + room; i++) {
		int y = TOP_LINES_ABOVE + (int)(i - top->first);

		if (i < last)
			put_row(top, &table, top->rows[i], y, i == top->at);
		else
			put_line(y, "", A_NORMAL);
	}
	if (top->row_count == 0 && room > 0)
		put_line(TOP_LINES_ABOVE,
			 top->filter[0] ? "nothing matches; escape shows all"
					: "there are no services here",
			 A_NORMAL);
}

static void put_help(void)
{
	size_t room = terminal_room(), i = 0;

	put_line(1, "KEYS", A_UNDERLINE);
	for (; i < room && help[i]; i++)
		put_line(TOP_LINES_ABOVE + (int)i, help[i], A_NORMAL);
	for (; i < room; i++)
		put_line(TOP_LINES_ABOVE + (int)i, "", A_NORMAL);
}

/* ---- below ---- */

static void put_prompt(const struct top *top)
{
	char room[3 * TOP_TEXT];
	struct strb line = strb_on(room, sizeof(room));
	const struct row *row = top_selected(top);
	const char *name = row ? row->name : "";

	switch (top->mode) {
	case TOP_FILTER:
		strb_add_format(&line, "show only: %s_", top->filter);
		break;
	case TOP_SIGNAL:
		strb_add_format(&line, "signal for %s: %s_", name, top->typed);
		break;
	case TOP_CONFIRM:
		strb_add_format(&line, "%s %s? y or n", top->asked, name);
		break;
	case TOP_HELP: strb_add(&line, "any key: back"); break;
	case TOP_LIST: strb_add(&line, top->said); break;
	}
	put_line(LINES - 2, room, top->mode == TOP_LIST ? A_NORMAL : A_BOLD);
}

void top_draw(struct top *top)
{
	put_summary(top);
	if (top->mode == TOP_HELP)
		put_help();
	else
		put_table(top);
	if (LINES > TOP_LINES_BELOW) {
		put_prompt(top);
		put_line(LINES - 1,
			 "s start  x stop  r restart  K signal  l log  i info  "
			 "/ filter  h help  q quit",
			 A_REVERSE);
	}
	refresh();
}
