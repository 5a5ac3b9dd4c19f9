/*
 * notice.h -- what a message of sd_notify says, as far as it counts here.
 *
 * Source: sd_notify(3).
 */
#ifndef SERVICE_NOTICE_H
#define SERVICE_NOTICE_H

#include <stdbool.h>

#include "service/state.h"

struct notice {
	bool is_ready, is_stopping;
	bool has_text;
	char text[STATE_TEXT_SIZE]; /* one line, in plain characters */
	bool has_main_pid;
	long main_pid;
};

/* Reads a message, lines of "KEY=VALUE", which is destroyed. What isn't
 * understood is passed over; of what comes twice the last counts. */
void notice_read(char *message, struct notice *notice);

#endif
