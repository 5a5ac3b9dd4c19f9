/*
 * control.h -- the commands that a supervisor reads from supervise/control.
 *
 * One byte is one command. svc(8), sv(8), the state machine and the manual all
 * speak of this one table. Sources: the 0.76 specification, 5.3 and 11 (row
 * 14), and the documentation of daemontools-encore, runit and s6.
 */
#ifndef SERVICE_CONTROL_H
#define SERVICE_CONTROL_H

#include <stdbool.h>

enum control_effect {
	CONTROL_SIGNAL,       /* only send the signal */
	CONTROL_RELOAD,       /* send the service's signal for that */
	CONTROL_UP,           /* start, and restart whenever it ends */
	CONTROL_DOWN,         /* stop, and leave it so */
	CONTROL_ONCE,         /* start if down; don't restart */
	CONTROL_AT_MOST_ONCE, /* don't restart */
	CONTROL_RESTART,      /* end it as "down" does, and change no wish */
	CONTROL_LEAVE,        /* stop supervising once no process runs */
	CONTROL_PAUSE,        /* stop the process's clock */
	CONTROL_CONTINUE,
	CONTROL_EFFECT_COUNT
};

/*
 * Bytes before the commands of one write that say whom these are for; svc of
 * daemontools-encore writes them. Each counts until its opposite, or the end of
 * the write. 'l' may be a command, too: CONTROL_RELOAD.
 */
enum control_selector {
	CONTROL_FOR_LOGGER = 'L',
	CONTROL_FOR_SERVICE = 'l',
	CONTROL_FOR_GROUP = '+', /* signals go to the whole process group */
	CONTROL_FOR_PROCESS = '=',
};

/* What becomes of the file "down", that is, of the wish after a reboot. */
enum control_down_file {
	CONTROL_DOWN_LEFT,
	CONTROL_DOWN_MADE,
	CONTROL_DOWN_REMOVED
};

/* Obeyed by the supervisor, not by the service: the modes in supervise/ have
 * changed, so "ok" may have to be another file. */
#define CONTROL_MODES_CHANGED 'm'

struct control {
	char letter;
	enum control_effect effect;
	int signal_number; /* 0: none, or the service's own */
	const char *name;  /* for people: "up", "hup" */
	enum control_down_file down_file;
	bool is_to_group; /* the signal goes to the whole process group */
};

/* The row of a letter; NULL for a byte that means nothing. */
const struct control *control_find(char letter);

/* The rows one by one, from 0; NULL after the last. */
const struct control *control_row(unsigned index);

#endif
