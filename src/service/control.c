/* control.c -- see control.h. */
#include <signal.h>
#include <stddef.h>

#include "service/control.h"

/* clang-format off */
static const struct control controls[] = {
	{'u', CONTROL_UP,       0,       "up"},
	{'d', CONTROL_DOWN,     0,       "down"},
	{'o', CONTROL_ONCE,     0,       "once"},
	{'x', CONTROL_LEAVE,    0,       "exit"},
	{'p', CONTROL_PAUSE,    SIGSTOP, "pause"},
	{'c', CONTROL_CONTINUE, SIGCONT, "continue"},
	{'h', CONTROL_SIGNAL,   SIGHUP,  "hup"},
	{'a', CONTROL_SIGNAL,   SIGALRM, "alarm"},
	{'i', CONTROL_SIGNAL,   SIGINT,  "interrupt"},
	{'t', CONTROL_SIGNAL,   SIGTERM, "term"},
	{'k', CONTROL_SIGNAL,   SIGKILL, "kill"},
	{'q', CONTROL_SIGNAL,   SIGQUIT, "quit"},
	{'1', CONTROL_SIGNAL,   SIGUSR1, "usr1"},
	{'2', CONTROL_SIGNAL,   SIGUSR2, "usr2"},
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
