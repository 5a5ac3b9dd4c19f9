/*
 * unit.h -- a unit of systemd while it is read, and what its specifiers stand
 * for: what the files of import_unit() share.
 */
#ifndef MAKE_UNIT_H
#define MAKE_UNIT_H

#include <stdbool.h>
#include <stdint.h>

#include "make/import.h"
#include "make/unit_file.h"

enum unit_type {
	UNIT_SIMPLE,
	UNIT_NOTIFY,
	UNIT_NOTIFY_RELOAD,
	UNIT_ONESHOT,
	UNIT_FORKING,
};

/* The texts of keys that wait for others; NULL: not said. Those that systemd
 * expands are. */
enum unit_text {
	UNIT_USER,
	UNIT_GROUP,
	UNIT_CWD,
	UNIT_INPUT,
	UNIT_OUTPUT,
	UNIT_ERROR,
	UNIT_KILL_MODE,
	UNIT_IO_CLASS,
	UNIT_IO_PRIORITY,
	UNIT_RESTART,
	UNIT_SUCCESS, /* SuccessExitStatus */
	UNIT_RELOAD_SIGNAL,
	UNIT_TEXT_COUNT
};

/* Directories that are made for a service. */
enum unit_directory {
	UNIT_RUNTIME,
	UNIT_STATE,
	UNIT_CACHE,
	UNIT_LOGS,
	UNIT_CONFIGURATION,
	UNIT_DIRECTORY_COUNT
};

/* Lengths of time, and counts; -1: for ever. */
enum unit_number {
	UNIT_RESTART_DELAY,
	UNIT_START_TIMEOUT,
	UNIT_STOP_TIMEOUT,
	UNIT_LIMIT_SPAN,
	UNIT_LIMIT_COUNT,
	UNIT_NUMBER_COUNT
};

struct unit {
	struct import *import;
	const struct unit_line *line; /* that is being read */
	enum unit_type type;
	bool has_type;
	bool remains;      /* RemainAfterExit */
	bool never_killed; /* SendSIGKILL=no */
	bool is_doubtful;  /* better not started before it was looked at */
	const char *texts[UNIT_TEXT_COUNT];
	unsigned lines[UNIT_TEXT_COUNT]; /* where they stand */
	int64_t numbers[UNIT_NUMBER_COUNT];
	bool has_number[UNIT_NUMBER_COUNT];
	struct list groups; /* supplementary ones */
	struct list directories[UNIT_DIRECTORY_COUNT];
	const char *modes[UNIT_DIRECTORY_COUNT];
	struct list after, needs, wants; /* names of services */
	/* Command lines, as in a plan; of ExecStart all but the last. */
	struct list start;
	struct list command; /* the last, as words */
	unsigned start_count;
	bool start_is_privileged;
	const char *reload_signal; /* that ExecReload sends at its end */
	const char *stop_signal; /* that ExecStop sends instead of KillSignal */
};

/* Tells of the line that is being read. */
void unit_tell(const struct unit *unit, const char *advice, const char *why,
	       ...) PRINTF_LIKE(3, 4);

/*
 * A copy with systemd's specifiers replaced, "%i" by the instance. NULL after
 * telling which one can't be.
 */
const char *unit_expand(struct unit *unit, const char *text);

/* Where the directories of a kind are, "/run" for instance: with the variable
 * that XDG has for users, if we aren't root. */
const char *unit_base(struct unit *unit, enum unit_directory kind);

/* ---- parts of import_unit(), each in its own file ---- */

/* Takes a line of ExecStart, and so on; `kind` is one of these. (import_exec.c)
 */
enum unit_exec {
	UNIT_EXEC_START,
	UNIT_EXEC_START_PRE,
	UNIT_EXEC_STOP,
	UNIT_EXEC_STOP_POST,
	UNIT_EXEC_RELOAD,
};
void unit_take_exec(struct unit *unit, enum unit_exec kind);

/* Why a key isn't carried over, and what to do. False: nothing is lost.
 * (import_lost.c) */
bool unit_find_lost(const char *section, const char *key, const char **why,
		    const char **advice);

/* Fills in the plan when all lines are read. (import_conclude.c) */
void unit_conclude(struct unit *unit);

#endif
