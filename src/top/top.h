/*
 * top.h -- svtop: all services of a scan directory, live, on the whole screen.
 *
 * What is shown changes when something happens, and once a second as long as
 * figures on the screen can change; nothing is asked in between. Whatever ends
 * the program, but KILL, leaves the terminal as it was.
 */
#ifndef TOP_TOP_H
#define TOP_TOP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "client/roster.h"
#include "view/overview.h"

#define TOP_TEXT 256 /* bytes: of what is typed or said */
/* Lines of the screen that aren't for services. */
#define TOP_LINES_ABOVE 2
#define TOP_LINES_BELOW 2

enum top_order { TOP_BY_TROUBLE, TOP_BY_NAME, TOP_BY_MEMORY, TOP_BY_CPU };

/* What the keys are for. */
enum top_mode {
	TOP_LIST,
	TOP_FILTER,  /* they are added to the filter */
	TOP_SIGNAL,  /* the name of a signal is typed */
	TOP_CONFIRM, /* y does what was asked for */
	TOP_HELP,
};

/* What a service had used when its share was reckoned the last time. */
struct top_sample {
	char *name; /* owned */
	int64_t pid, cpu_ms, at_ns;
};

/* A command of sv that runs. */
struct top_action {
	struct loop_process process;
	struct loop_watch output; /* of it; its fd: owned */
	bool is_running;
	char announced[TOP_TEXT]; /* the message while it runs */
	char said[TOP_TEXT];
	size_t said_len;
};

struct top {
	const char *scan_dir;
	char folder[4096]; /* of the programs */
	struct loop *loop;
	struct roster roster;
	struct overview overview;
	struct row **rows; /* owned: those that pass the filter, in order */
	size_t row_count;
	struct top_sample *samples; /* owned; by name */
	size_t sample_count;

	enum top_order order;
	enum top_mode mode;
	char *selected; /* owned: a name; NULL: the first */
	size_t at;      /* where that is in `rows` */
	size_t first;   /* the row at the top */
	char filter[TOP_TEXT], typed[TOP_TEXT];
	char asked[32];      /* TOP_CONFIRM: the command of sv */
	char said[TOP_TEXT]; /* the last message */
	bool has_colour;

	struct loop_watch keys, resized;
	struct loop_timer look_due, figures_due;
	struct top_action action;
	int signal_number; /* that ended it; 0: none */
};

/* ---- model.c ---- */

/* Looks at everything, or only at figures, and puts the rows in order. 0, or -1
 * with errno. */
int top_look(struct top *top);
void top_take_figures(struct top *top);
/* Filter, order or selection have changed. */
void top_arrange(struct top *top);
/* The row that keys are about; NULL: there is none. */
struct row *top_selected(const struct top *top);
/* Selects another, so many rows away. */
void top_move(struct top *top, long rows);
/* Whether something that is shown changes by itself. */
bool top_has_changing_figures(const struct top *top);
void top_free(struct top *top);

/* ---- draw.c ---- */

void top_draw(struct top *top);

/* ---- keys.c ---- */

/* Takes all keys that were pressed. */
void top_take_keys(struct top *top);

/* ---- action.c ---- */

/* Runs a command of sv for a service; its words become the message. */
void top_run(struct top *top, const char *command, const char *name);
/* Leaves the screen to a program of ours until it ends. */
void top_lend_screen(struct top *top, char *const argv[]);
void top_end_action(struct top *top);

/* ---- terminal.c ---- */

/* Takes the screen. False: this is no terminal, or of an unknown kind. */
bool terminal_begin(void);
void terminal_end(void);
/* The descriptor that has input when the size has changed, and taking it. */
int terminal_resized_fd(void);
void terminal_take_size(void);
/* Rows that fit the screen. */
size_t terminal_room(void);

#endif
