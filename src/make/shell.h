/*
 * shell.h -- what can be told of a script without running it.
 *
 * Pure. It never guesses: where the text leaves a doubt, such as a loop, a
 * pipeline, a here-document or another file that is read in, it says so, and
 * the caller stays silent.
 */
#ifndef MAKE_SHELL_H
#define MAKE_SHELL_H

#include <stdbool.h>
#include <stddef.h>

enum script_kind {
	SCRIPT_EMPTY,
	SCRIPT_PROGRAM, /* not text: the kernel knows what to do */
	SCRIPT_SHELL,   /* for sh, bash, dash or their like */
	SCRIPT_OTHER,   /* for another interpreter */
	SCRIPT_BARE,    /* text without "#!" */
};

struct script_look {
	enum script_kind kind;
	bool has_cr;           /* its first line ends in CR LF */
	char interpreter[256]; /* "" if there is none */
	/* Of SCRIPT_SHELL: */
	bool is_sure;          /* what follows is known */
	bool is_parent;        /* the last command is run without exec */
	char last[64];         /* that command, cut */
	bool redirects_errors; /* or leaves it to another file that it reads */
	bool has_loop; /* or pipelines, jobs, traps: it may have reasons */
};

/* Looks at the `len` bytes of a script, ended by '\0' besides. */
void script_look(const char *text, size_t len, struct script_look *look);

#endif
