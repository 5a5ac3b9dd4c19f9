/*
 * supervisor_file.h -- what a configuration file of supervisord says, as it is
 * written.
 *
 * Pure. What a line means is not known here: this is about sections, comments,
 * lines that go on, the words of a command, variables and "%(name)s". Where
 * supervisord's reader is odd, this is odd in the same way: a ';' behind a
 * blank ends a line, also within quotes.
 * Source: the manual of supervisord, on its configuration file; Python's on
 * configparser and shlex; experiments.
 */
#ifndef MAKE_SUPERVISOR_FILE_H
#define MAKE_SUPERVISOR_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "make/list.h"

/* Starts as {.at = text, .end = text + len}; text[len] is '\0', and the first
 * of the text. It is changed while it is read, and borrowed as long as lines
 * are used. */
struct supervisor_reader {
	char *at, *end;
	unsigned number;     /* of the last line that was read */
	size_t indent;       /* of what began last */
	const char *section; /* NULL before the first one */
};

struct supervisor_line {
	unsigned number; /* where it begins, from 1 */
	const char *section;
	const char *key;   /* lower case; NULL: the section begins */
	const char *value; /* lines that go on are joined by a newline */
	const char *wrong; /* NULL, or why that is nothing of these: static */
};

/* The next line that says something. False: there is none. */
bool supervisor_next(struct supervisor_reader *reader,
		     struct supervisor_line *line);

/*
 * What is known only where a service runs is kept in texts as a variable's
 * name between these two; within quotes, supervisor_words() begins it with the
 * third. They are in no file that is read.
 */
#define SUPERVISOR_VARIABLE '\001'
#define SUPERVISOR_END      '\002'
#define SUPERVISOR_QUOTED   '\003'

/* What "%(name)s" can stand for; texts are borrowed. */
struct supervisor_names {
	const char *here, *host, *program, *group; /* NULL: not known */
	bool has_number;
	int64_t number, count;    /* process_num, numprocs */
	const struct list *known; /* "NAME=VALUE", for ENV_NAME; or NULL */
	bool is_settled; /* they are set by then: name those that have marks */
};

/*
 * Gives a copy that the caller frees, with what "%(name)s" stands for. A
 * variable that isn't known is marked as above. NULL, with static text on what
 * is wrong; or with *wrong NULL, when memory is short.
 */
char *supervisor_expand(const char *text, const struct supervisor_names *names,
			const char **wrong);

/* Adds the words of a command. NULL, or static text on what is wrong. */
const char *supervisor_words(const char *text, struct list *words);

/* Adds what "A=1,B="2"" says as "A=1", "B=2", whatever the names are. NULL, or
 * static text on what is wrong. */
const char *supervisor_pairs(const char *text, struct list *pairs);

#endif
