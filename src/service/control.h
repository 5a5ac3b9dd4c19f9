/*
 * control.h -- the commands that a supervisor reads from supervise/control.
 *
 * One byte is one command. svc(8), the state machine and the manual all speak
 * of this one table. Source: the 0.76 specification, 5.3 and 11 (row 14).
 */
#ifndef SERVICE_CONTROL_H
#define SERVICE_CONTROL_H

enum control_effect {
	CONTROL_SIGNAL, /* only send the signal */
	CONTROL_UP,     /* start, and restart whenever it ends */
	CONTROL_DOWN,   /* stop, and leave it so */
	CONTROL_ONCE,   /* start if down; don't restart */
	CONTROL_LEAVE,  /* stop supervising once no process runs */
	CONTROL_PAUSE,  /* stop the process's clock */
	CONTROL_CONTINUE,
	CONTROL_EFFECT_COUNT
};

struct control {
	char letter;
	enum control_effect effect;
	int signal_number; /* 0: none */
	const char *name;  /* for people: "up", "hup" */
};

/* The row of a letter; NULL for a byte that means nothing. */
const struct control *control_find(char letter);

/* The rows one by one, from 0; NULL after the last. */
const struct control *control_row(unsigned index);

#endif
