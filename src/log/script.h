/*
 * script.h -- a logger's actions, from its arguments to a table.
 *
 * Parsing does no input or output and can only fail for want of memory, or for
 * a regular expression that is none: an argument that means nothing is ignored.
 * The table is built once and never changes. Source: the 0.76
 * specification, 3.2.
 */
#ifndef LOG_SCRIPT_H
#define LOG_SCRIPT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#include "log/logdir.h"
#include "log/mark.h"
#include "log/pattern.h"

enum action_kind {
	ACTION_DESELECT, /* -P */
	ACTION_SELECT,   /* +P */
	ACTION_ALERT,    /* e */
	ACTION_STATUS,   /* =FILE */
	ACTION_DIR,      /* a directory's name */
	ACTION_OUTPUT,   /* 1: standard output */
	ACTION_BEGIN,    /* whatever came before: selected, or not, from here */
	ACTION_SEND,     /* to an address, by UDP */
	ACTION_KIND_COUNT
};

/* What is done to a line, in the order of the arguments. */
struct action {
	enum action_kind kind;
	struct pattern pattern; /* of SELECT and DESELECT */
	size_t index;       /* of STATUS, DIR, SEND: in the array of its kind */
	bool is_selected;   /* of BEGIN */
	const char *prefix; /* of ALERT and SEND; NULL for none */
};

struct script {
	enum mark_kind mark;  /* what each line begins with */
	bool is_mark_hidden;  /* from patterns */
	bool is_tolerant;     /* a directory that can't be opened is left out */
	const char *told_as;  /* name in messages on each opening; NULL: none */
	size_t line_limit;    /* bytes of a line that are looked at */
	size_t alert_limit;   /* bytes of a line that alerts show */
	const char *replaced; /* 256 bytes, what each becomes; NULL: itself */
	struct action *actions;
	size_t action_count;
	const char **status_paths; /* borrowed from the arguments */
	size_t status_count;
	struct logdir_config *dirs; /* their texts borrowed likewise */
	size_t dir_count;
	struct sockaddr_in *peers; /* of SEND; dir_count, if any */
	char **texts;              /* owned: what patterns are parts of */
	size_t text_count;
	regex_t *regexes; /* of patterns, compiled */
	size_t regex_count;
	struct pattern_part *parts; /* where the patterns' parts are kept */
};

/*
 * Parses the NULL-terminated `args`, which must outlive the script. 0, or -1
 * with ENOMEM, or with EINVAL after saying which argument can't be used; in
 * any case script_free() ends it.
 */
int script_parse(struct script *script, char *const args[]);

void script_free(struct script *script);

#endif
