/* keys.c -- what keys do. */
#include <ctype.h>
#include <curses.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/signame.h"
#include "top/top.h"

#define ESCAPE 27

/* Signals that sv sends, and its commands for that. */
static const struct {
	int number;
	const char *command;
} signals[] = {
	{SIGHUP, "hup"},   {SIGINT, "interrupt"}, {SIGQUIT, "quit"},
	{SIGTERM, "term"}, {SIGKILL, "kill"},     {SIGALRM, "alarm"},
	{SIGUSR1, "1"},    {SIGUSR2, "2"},        {SIGSTOP, "pause"},
	{SIGCONT, "cont"}, {SIGABRT, "abort"},    {SIGWINCH, "winch"},
};

static void say(struct top *top, const char *text)
{
	snprintf(top->said, sizeof(top->said), "%s", text);
}

static void run_for_selected(struct top *top, const char *command)
{
	const struct row *row = top_selected(top);

	if (row)
		top_run(top, command, row->name);
}

/* What ends something is asked about first. */
static void ask(struct top *top, const char *command)
{
	if (!top_selected(top))
		return;
	snprintf(top->asked, sizeof(top->asked), "%s", command);
	top->mode = TOP_CONFIRM;
}

static void send_signal(struct top *top)
{
	/* As sv has them, USR1 is 1; kill(1) has 1 for HUP. */
	bool is_number = isdigit((unsigned char)top->typed[0]);
	int number = is_number ? -1 : signame_parse(top->typed);

	top->mode = TOP_LIST;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		if (signals[i].number == number ||
		    strcmp(signals[i].command, top->typed) == 0) {
			run_for_selected(top, signals[i].command);
			return;
		}
	}
	if (top->typed[0] != '\0')
		say(top, "no signal that sv sends: hup, int, quit, term, kill, "
			 "alrm, usr1, usr2, stop, cont, abrt, winch");
}

static void follow_log(struct top *top, struct row *row)
{
	static char program[] = "svlog", follow[] = "-f", lines[] = "-n",
		    count[] = "200", option[] = "-d";
	char dir[PATH_MAX];
	char *argv[] = {
		program, follow, lines, count, option, dir, row->service->name,
		NULL};

	snprintf(dir, sizeof(dir), "%s", top->scan_dir);
	top_lend_screen(top, argv);
}

static void show_page(struct top *top, struct row *row)
{
	static char program[] = "sv", option[] = "-d", command[] = "status";
	char dir[PATH_MAX];
	char *argv[] = {program, option, dir, command, row->service->name,
			NULL};

	snprintf(dir, sizeof(dir), "%s", top->scan_dir);
	top_lend_screen(top, argv);
}

static void show_selected(struct top *top,
			  void (*show)(struct top *top, struct row *row))
{
	struct row *row = top_selected(top);

	if (row)
		show(top, row);
}

/* ---- modes ---- */

/* A key of a text that is typed: true when it is complete. */
static bool edit(char text[TOP_TEXT], int key)
{
	size_t len = strlen(text);

	if (key == '\n' || key == '\r' || key == KEY_ENTER)
		return true;
	if (key == ESCAPE) {
		text[0] = '\0';
		return true;
	}
	if (key == KEY_BACKSPACE || key == 127 || key == '\b') {
		if (len > 0)
			text[len - 1] = '\0';
	} else if (key == 21) { /* ^U */
		text[0] = '\0';
	} else if (key >= ' ' && key < 256 && len + 1 < TOP_TEXT) {
		text[len] = (char)key;
		text[len + 1] = '\0';
	}
	return false;
}

static void take_filter_key(struct top *top, int key)
{
	if (key == KEY_UP || key == KEY_DOWN)
		top_move(top, key == KEY_UP ? -1 : 1);
	else if (edit(top->filter, key))
		top->mode = TOP_LIST;
	top_arrange(top);
}

static void take_answer(struct top *top, int key)
{
	top->mode = TOP_LIST;
	if (key == 'y' || key == 'Y')
		run_for_selected(top, top->asked);
	else
		say(top, "");
}

static void take_moving_key(struct top *top, int key)
{
	long page = (long)terminal_room();

	switch (key) {
	case KEY_UP:
	case 'k': top_move(top, -1); break;
	case KEY_DOWN:
	case 'j': top_move(top, 1); break;
	case KEY_PPAGE: top_move(top, -page); break;
	case KEY_NPAGE: top_move(top, page); break;
	case KEY_HOME:
	case 'g': top_move(top, -(long)top->row_count); break;
	case KEY_END:
	case 'G': top_move(top, (long)top->row_count); break;
	default: break;
	}
}

static void take_list_key(struct top *top, int key)
{
	switch (key) {
	case 's': run_for_selected(top, "start"); break;
	case 'x': ask(top, "stop"); break;
	case 'r': ask(top, "restart"); break;
	case 'p': run_for_selected(top, "pause"); break;
	case 'c': run_for_selected(top, "cont"); break;
	case 'l': show_selected(top, follow_log); break;
	case 'i':
	case '\n':
	case '\r':
	case KEY_ENTER: show_selected(top, show_page); break;
	case 'K':
		top->typed[0] = '\0';
		if (top_selected(top))
			top->mode = TOP_SIGNAL;
		break;
	case '/': top->mode = TOP_FILTER; break;
	case ESCAPE:
		top->filter[0] = top->said[0] = '\0';
		top_arrange(top);
		break;
	case 'o':
		top->order =
			(enum top_order)((top->order + 1) % (TOP_BY_CPU + 1));
		top_look(top);
		break;
	case 'h':
	case '?': top->mode = TOP_HELP; break;
	case 12: clearok(curscr, TRUE); break; /* ^L */
	case 'q': loop_stop(top->loop); break;
	default: take_moving_key(top, key); break;
	}
}

void top_take_keys(struct top *top)
{
	int key;

	while ((key = getch()) != ERR) {
		if (key == KEY_RESIZE)
			continue;
		switch (top->mode) {
		case TOP_FILTER: take_filter_key(top, key); break;
		case TOP_SIGNAL:
			if (edit(top->typed, key))
				send_signal(top);
			break;
		case TOP_CONFIRM: take_answer(top, key); break;
		case TOP_HELP: top->mode = TOP_LIST; break;
		case TOP_LIST: take_list_key(top, key); break;
		}
	}
}
