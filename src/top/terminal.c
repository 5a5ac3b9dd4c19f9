/* terminal.c -- taking the screen, and giving it back whatever happens. */
#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

#include "top/top.h"

/* Handlers get nothing passed. */
static struct termios before;
static SCREEN *screen;
static char restore[128]; /* what gives the screen back */
static size_t restore_len;
static int resize_pipe[2] = {-1, -1};

/* ---- handlers ---- */

/* No function of curses may be called here. */
static void on_crash(int number)
{
	ssize_t written = write(STDOUT_FILENO, restore, restore_len);

	(void)written;
	tcsetattr(STDIN_FILENO, TCSANOW, &before);
	raise(number); /* SA_RESETHAND: now it ends */
}

static void on_resize(int number)
{
	int error = errno;
	ssize_t written = write(resize_pipe[1], "", 1);

	(void)number;
	(void)written;
	errno = error;
}

static void set_handlers(void)
{
	static const int crashes[] = {SIGSEGV, SIGBUS,  SIGFPE,
				      SIGILL,  SIGABRT, SIGQUIT};
	struct sigaction action = {.sa_handler = on_crash,
				   .sa_flags = (int)SA_RESETHAND};

	for (size_t i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++)
		sigaction(crashes[i], &action, NULL);
	action = (struct sigaction){.sa_handler = on_resize,
				    .sa_flags = SA_RESTART};
	sigaction(SIGWINCH, &action, NULL);
}

/* ---- the screen ---- */

static void add_string(const char *name)
{
	const char *text = tigetstr(name);
	size_t len;

	if (!text || (intptr_t)text == -1)
		return;
	len = strlen(text);
	if (restore_len + len > sizeof(restore))
		return;
	memcpy(restore + restore_len, text, len);
	restore_len += len;
}

static int make_pipe(void)
{
	if (pipe(resize_pipe) == -1)
		return -1;
	for (size_t i = 0; i < 2; i++) {
		fcntl(resize_pipe[i], F_SETFD, FD_CLOEXEC);
		fcntl(resize_pipe[i], F_SETFL, O_NONBLOCK);
	}
	return 0;
}

static void set_modes(void)
{
	cbreak(); /* ^C stays a signal */
	noecho();
	nonl();
	intrflush(stdscr, FALSE);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(50);
	curs_set(0);
}

/* Of a kind that is known, and that can do more than a printer. */
static bool is_screen(void)
{
	const char *move;
	bool can_move;
	int error;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) ||
	    setupterm(NULL, STDOUT_FILENO, &error) != OK)
		return false;
	move = tigetstr("cup");
	can_move = move && (intptr_t)move != -1;
	del_curterm(cur_term); /* newterm() makes its own */
	return can_move;
}

bool terminal_begin(void)
{
	if (!is_screen() || tcgetattr(STDIN_FILENO, &before) == -1 ||
	    make_pipe() == -1)
		return false;
	/* Text is UTF-8 here; what has to be fit was made fit. */
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		setlocale(LC_CTYPE, "");
	screen = newterm(NULL, stdout, stdin);
	if (!screen)
		return false;
	add_string("sgr0");
	add_string("cnorm");
	add_string("rmcup");
	set_modes();
	set_handlers();
	return true;
}

void terminal_end(void)
{
	endwin();
	delscreen(screen);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
}

int terminal_resized_fd(void)
{
	return resize_pipe[0];
}

void terminal_take_size(void)
{
	char bytes[64];
	struct winsize size;

	while (read(resize_pipe[0], bytes, sizeof(bytes)) > 0)
		;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 &&
	    size.ws_col > 0)
		resizeterm(size.ws_row, size.ws_col);
	erase();
}

size_t terminal_room(void)
{
	const int others = TOP_LINES_ABOVE + TOP_LINES_BELOW;

	return LINES > others ? (size_t)(LINES - others) : 0;
}
