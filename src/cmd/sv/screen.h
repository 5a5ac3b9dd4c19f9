/*
 * screen.h -- what is known of where the output goes, and showing a text there.
 */
#ifndef CMD_SV_SCREEN_H
#define CMD_SV_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct screen {
	bool is_terminal;
	bool has_colour; /* a terminal, and NO_COLOR isn't set */
	size_t width, height;
};

/* Of standard output. What isn't known is taken to be 80 by 24. */
struct screen screen_look(void);

/* A text in memory, to be written, then shown by screen_show(). */
struct screen_text {
	FILE *file;
	char *data; /* owned */
	size_t len;
};

/* 0, or -1 with errno when memory is short. */
int screen_begin(struct screen_text *text);

/* Shows and frees it: by a pager if it is higher than the terminal. 0, or -1
 * with errno: it couldn't be written. */
int screen_show(const struct screen *screen, struct screen_text *text);

#endif
