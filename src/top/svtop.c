/*
 * svtop.c -- all services of a scan directory, live, on the whole screen.
 *
 * sv top runs it. It is a program of its own as it needs a library of
 * terminals, and none of the others does.
 */
#include <curses.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/options.h"
#include "base/program.h"
#include "base/self.h"
#include "base/span.h"
#include "service/scan_dir.h"
#include "top/top.h"

static const char synopsis[] = "[-d dir]";

/* What happens within this span is shown at once. */
#define GATHER_NS (50 * SPAN_MILLISECOND_NS)

static void draw(struct top *top)
{
	top_draw(top);
	if (!top->figures_due.is_set && top_has_changing_figures(top))
		loop_timer_set(top->loop, &top->figures_due,
			       loop_now_ns() + SPAN_SECOND_NS);
}

/* ---- callbacks ---- */

static void on_change(struct roster *roster, const struct roster_place *place,
		      const struct look *before)
{
	struct top *top = roster->owner;

	(void)place;
	(void)before;
	if (!top->look_due.is_set)
		loop_timer_set(top->loop, &top->look_due,
			       loop_now_ns() + GATHER_NS);
}

static void on_look_due(struct loop_timer *timer)
{
	struct top *top = timer->owner;

	if (top_look(top) == -1)
		snprintf(top->said, sizeof(top->said), "unable to read %s: %s",
			 top->scan_dir, diag_reason(errno));
	draw(top);
}

static void on_figures_due(struct loop_timer *timer)
{
	struct top *top = timer->owner;

	top_take_figures(top);
	draw(top);
}

static void on_keys(struct loop_watch *watch)
{
	struct top *top = watch->owner;
	struct pollfd terminal = {.fd = watch->fd, .events = POLLIN};

	/* One that has gone would be readable for ever. */
	if (poll(&terminal, 1, 0) == 1 &&
	    (terminal.revents & (POLLHUP | POLLERR | POLLNVAL))) {
		loop_stop(top->loop);
		return;
	}
	top_take_keys(top);
	draw(top);
}

static void on_resized(struct loop_watch *watch)
{
	struct top *top = watch->owner;

	terminal_take_size();
	draw(top);
}

static void on_signal(void *owner, int number)
{
	struct top *top = owner;

	top->signal_number = number;
	loop_stop(top->loop);
}

/* ---- beginning and end ---- */

static int begin(struct top *top)
{
	top->roster = (struct roster){.loop = top->loop,
				      .scan_dir = top->scan_dir,
				      .on_change = on_change,
				      .owner = top};
	top->keys = (struct loop_watch){
		.fd = STDIN_FILENO, .on_readable = on_keys, .owner = top};
	top->resized = (struct loop_watch){.fd = terminal_resized_fd(),
					   .on_readable = on_resized,
					   .owner = top};
	top->look_due.on_due = on_look_due;
	top->figures_due.on_due = on_figures_due;
	top->look_due.owner = top->figures_due.owner = top;
	if (loop_on_signal(top->loop, on_signal, top) == -1 ||
	    loop_watch_add(top->loop, &top->keys) == -1 ||
	    loop_watch_add(top->loop, &top->resized) == -1 ||
	    roster_watch_all(&top->roster) == -1)
		return -1;
	return top_look(top);
}

static void choose_colours(struct top *top)
{
	static const short colours[] = {
		[ROW_BAD] = COLOR_RED,
		[ROW_BUSY] = COLOR_YELLOW,
		[ROW_GOOD] = COLOR_GREEN,
		[ROW_IDLE] = -1,
	};
	const char *no_colour = getenv("NO_COLOR");

	top->has_colour = !(no_colour && *no_colour != '\0') && has_colors() &&
			  start_color() == OK && use_default_colors() == OK;
	for (short i = 0; top->has_colour && i <= ROW_IDLE; i++)
		init_pair((short)(i + 1), colours[i], -1);
}

static int run(struct top *top)
{
	int error = 0;

	choose_colours(top);
	if (begin(top) == 0) {
		draw(top);
		if (loop_run(top->loop) == -1)
			error = errno;
	} else {
		error = errno;
	}
	terminal_end();
	top_end_action(top);
	roster_end(&top->roster);
	top_free(top);
	loop_free(top->loop);
	return error;
}

int main(int argc, char *argv[])
{
	static struct top top;
	int letter, error;

	program_begin("svtop", argc, argv);
	while ((letter = options_next(argc, argv, "+:d:")) != -1) {
		if (letter != 'd')
			diag_usage(EXIT_USAGE, synopsis);
		top.scan_dir = optarg;
	}
	if (argv[optind])
		diag_usage(EXIT_USAGE, synopsis);
	top.scan_dir = scan_dir_find(top.scan_dir);
	if (access(top.scan_dir, R_OK | X_OK) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to read %s", top.scan_dir);
	if (self_folder(top.folder, sizeof(top.folder)) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to find sv");
	top.loop = loop_new();
	if (!top.loop)
		diag_die_errno(EXIT_SYSTEM, "unable to wait for events");
	if (!terminal_begin())
		diag_die(
			EXIT_SYSTEM,
			"needs a terminal with a screen, and its kind in TERM");
	error = run(&top);
	if (error != 0)
		diag_die(EXIT_SYSTEM, "unable to show %s: %s", top.scan_dir,
			 diag_reason(error));
	if (top.signal_number != 0) {
		sigset_t all;

		/* As one that never caught it. */
		sigemptyset(&all);
		signal(top.signal_number, SIG_DFL);
		sigprocmask(SIG_SETMASK, &all, NULL);
		raise(top.signal_number);
	}
	return 0;
}
