/* control.c -- see control.h. */
#include <signal.h>
#include <stddef.h>

#include "service/control.h"

/* clang-format off */
static const struct control controls[] = {
	{'u', CONTROL_UP,       0,        "up",        CONTROL_DOWN_LEFT, false},
	{'d', CONTROL_DOWN,     0,        "down",      CONTROL_DOWN_LEFT, false},
	{'o', CONTROL_ONCE,     0,        "once",      CONTROL_DOWN_LEFT, false},
	{'x', CONTROL_LEAVE,    0,        "exit",      CONTROL_DOWN_LEFT, false},
	{'p', CONTROL_PAUSE,    SIGSTOP,  "pause",     CONTROL_DOWN_LEFT, false},
	{'c', CONTROL_CONTINUE, SIGCONT,  "continue",  CONTROL_DOWN_LEFT, false},
	{'h', CONTROL_SIGNAL,   SIGHUP,   "hup",       CONTROL_DOWN_LEFT, false},
	{'a', CONTROL_SIGNAL,   SIGALRM,  "alarm",     CONTROL_DOWN_LEFT, false},
	{'i', CONTROL_SIGNAL,   SIGINT,   "interrupt", CONTROL_DOWN_LEFT, false},
	{'t', CONTROL_SIGNAL,   SIGTERM,  "term",      CONTROL_DOWN_LEFT, false},
	{'k', CONTROL_SIGNAL,   SIGKILL,  "kill",      CONTROL_DOWN_LEFT, false},
	{'q', CONTROL_SIGNAL,   SIGQUIT,  "quit",      CONTROL_DOWN_LEFT, false},
	{'1', CONTROL_SIGNAL,   SIGUSR1,  "usr1",      CONTROL_DOWN_LEFT, false},
	{'2', CONTROL_SIGNAL,   SIGUSR2,  "usr2",      CONTROL_DOWN_LEFT, false},
	{'w', CONTROL_SIGNAL,   SIGWINCH, "winch",     CONTROL_DOWN_LEFT, false},
	{'y', CONTROL_SIGNAL,   SIGWINCH, "winch",     CONTROL_DOWN_LEFT, false},
	{'b', CONTROL_SIGNAL,   SIGABRT,  "abort",     CONTROL_DOWN_LEFT, false},
	{'r', CONTROL_RESTART,  0,        "restart",   CONTROL_DOWN_LEFT, false},
	{'l', CONTROL_RELOAD,   SIGHUP,   "reload",    CONTROL_DOWN_LEFT, false},
	{'P', CONTROL_PAUSE,    SIGSTOP,  "pause the group", CONTROL_DOWN_LEFT, true},
	{'C', CONTROL_CONTINUE, SIGCONT,  "continue the group", CONTROL_DOWN_LEFT, true},
	{'K', CONTROL_SIGNAL,   SIGKILL,  "kill the group", CONTROL_DOWN_LEFT, true},
	{'D', CONTROL_DOWN,     0,        "down for good", CONTROL_DOWN_MADE, false},
	{'U', CONTROL_UP,       0,        "up for good",   CONTROL_DOWN_REMOVED, false},
	{'O', CONTROL_AT_MOST_ONCE, 0,    "at most once",  CONTROL_DOWN_LEFT, false},
	{'Q', CONTROL_AT_MOST_ONCE, 0,    "at most once, then down for good", CONTROL_DOWN_MADE, false},
};
/* clang-format on */

const struct control *control_row(unsigned index)
{
	if (index >= sizeof(controls) / sizeof(controls[0]))
		return NULL;
	return &controls[index];
}

const struct control *control_find(char letter)
{
	const struct control *row;

	for (unsigned i = 0; (row = control_row(i)); i++) {
		if (row->letter == letter)
			break;
	}
	return row;
}
