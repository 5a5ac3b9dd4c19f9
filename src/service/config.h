/*
 * config.h -- what a service directory says about its service.
 *
 * One contract for directories of daemontools, daemontools-encore, runit and
 * s6. Where the suites give one name two meanings, the other names in the
 * directory settle it: they are evidence of the suite that it was written for.
 *
 * The directory is listed once, and of its files only those are looked at that
 * mean something here: a directory of a lone `run` costs little more than its
 * listing. A value that can't be understood is never fatal: it counts as
 * absent, and one line says so.
 * The rules, file by file, are in doc/service-directory.md.
 */
#ifndef SERVICE_CONFIG_H
#define SERVICE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/strb.h"
#include "service/policy.h"

#define CONFIG_TALLY_DEFAULT     100  /* deaths remembered, as s6 does */
#define CONFIG_TALLY_MAX         4096 /* s6's greatest, too */
#define CONFIG_FINISH_DEFAULT_MS 5000 /* in directories of s6 */
/* Bytes: room for the lines on all that can be wrong with a directory. */
#define CONFIG_TROUBLES_SIZE 4096

/* The names that mean something. */
enum config_name {
	/* Scripts. */
	CONFIG_RUN,
	CONFIG_FINISH,
	CONFIG_START, /* has an effect in encore's directories, or without run
		       */
	CONFIG_STOP,
	CONFIG_NOTIFY,
	CONFIG_CHECK,
	CONFIG_LOG, /* a directory, or an inline logger: see `log` below */
	/* Directories. */
	CONFIG_CONTROL,
	CONFIG_DEPENDENCIES, /* dependencies.d */
	CONFIG_WANTS,        /* wants.d */
	CONFIG_AFTER,        /* after.d */
	CONFIG_CONTENTS,     /* contents.d: of a bundle */
	CONFIG_EVENT,        /* of who wants to be told: see engine/event.h */
	/* Names that say all by being there. */
	CONFIG_DOWN, /* wanted down at first; a oneshot's is a command line */
	CONFIG_UP,   /* a oneshot's command line */
	CONFIG_CONF,
	CONFIG_NOTIFY_SOCKET,
	CONFIG_FLAG_NEWPIDNS,
	CONFIG_NO_SETSID,
	/* Files that hold one line. */
	CONFIG_NOTIFICATION_FD,
	CONFIG_TIMEOUT_KILL,
	CONFIG_TIMEOUT_FINISH,
	CONFIG_TIMEOUT_UP,
	CONFIG_TIMEOUT_DOWN,
	CONFIG_DOWN_SIGNAL,
	CONFIG_RELOAD_SIGNAL,
	CONFIG_MAX_DEATH_TALLY,
	CONFIG_LOCK_FD,
	CONFIG_RESTART,
	CONFIG_ON_GIVING_UP,
	CONFIG_ON_EXIT,
	CONFIG_KILL_SCOPE,
	CONFIG_DIALECT,
	CONFIG_TYPE,
	CONFIG_NAME_COUNT
};

/* A suite; as bits, 1 << CONFIG_S6 and so on, in `evidence`. */
enum config_dialect {
	CONFIG_DAEMONTOOLS, /* what shows no other */
	CONFIG_S6,          /* where several are shown, the first of these */
	CONFIG_RUNIT,
	CONFIG_ENCORE,
	CONFIG_DIALECT_COUNT
};

enum config_log {
	CONFIG_LOG_NONE,
	CONFIG_LOG_DIRECTORY, /* a service directory */
	CONFIG_LOG_INLINE,    /* an executable file */
	CONFIG_LOG_UNUSABLE,  /* something else has the name */
};

enum config_scope {
	CONFIG_SCOPE_PROCESS,
	CONFIG_SCOPE_GROUP,
	CONFIG_SCOPE_CGROUP,
	CONFIG_SCOPE_COUNT
};

/* What s6-rc's file "type" makes of the directory. */
enum config_type {
	CONFIG_TYPE_NONE, /* no such file: a service with a run */
	CONFIG_TYPE_LONGRUN,
	CONFIG_TYPE_ONESHOT,
	CONFIG_TYPE_BUNDLE,
	CONFIG_TYPE_COUNT
};

struct service_config {
	/* Sets of 1 << enum config_name. */
	uint64_t there;    /* whatever it is */
	uint64_t usable;   /* and is what it has to be, and has an effect */
	uint64_t troubled; /* told of in `troubles` */
	uint8_t evidence;  /* set of 1 << enum config_dialect */
	enum config_dialect dialect;
	enum config_log log;
	enum config_type type;
	enum config_scope kill_scope;
	int32_t notification_fd,
		lock_fd; /* numbers for the service; -1: none */
	uint32_t timeout_kill_ms, timeout_finish_ms; /* 0: no limit */
	uint32_t timeout_up_ms, timeout_down_ms;     /* 0: no limit */
	int32_t down_signal, reload_signal;
	uint32_t max_death_tally; /* at most CONFIG_TALLY_MAX; 0: none */
	struct policy policy;
	struct giving_up giving_up;
	bool ends_all; /* when it has ended for good, all does */
	bool is_run_execline, is_finish_execline; /* by their #! lines */
};

/* What an empty directory says. */
void config_defaults(struct service_config *config);

/*
 * Reads the directory open as `dir_fd`. 0, and a line for each trouble, ended
 * by '\n', added to `troubles`, which may be NULL: "FILE: WHAT IS WRONG; WHAT
 * IS USED INSTEAD". -1 with errno when the system had no descriptor or memory
 * to give or the directory can't be listed; then *config is as it was. A
 * directory that may be searched but not listed is read all the same.
 */
int config_read(int dir_fd, struct service_config *config,
		struct strb *troubles);

/* Whether the name is there, is what it has to be, and has an effect. */
static inline bool config_has(const struct service_config *config,
			      enum config_name name)
{
	return (config->usable >> name & 1) != 0;
}

/* Whether the directory shows that it was written for that suite. */
static inline bool config_shows(const struct service_config *config,
				enum config_dialect dialect)
{
	return (config->evidence >> dialect & 1) != 0;
}

/* The file's name in the directory. */
const char *config_file(enum config_name name);

/* What dialects are called in the file of that name: "s6". */
const char *config_dialect_name(enum config_dialect dialect);

/* The service ends all, though its directory doesn't say so: without a policy
 * it isn't started again. */
void config_end_all(struct service_config *config);

/*
 * Adds which suite the directory was taken for, and why, in words: "runit
 * (control, check)", "daemontools (no other suite's files)".
 */
void config_explain(const struct service_config *config, struct strb *text);

/*
 * The first two arguments of `finish` for a `run` that exited with `exit_code`
 * or, where `signal_number` isn't 0, was killed: as the suite of the directory
 * has them. Cannot fail.
 */
void config_finish_numbers(const struct service_config *config, int exit_code,
			   int signal_number, bool has_dumped, int *first,
			   int *second);

/* ---- the two halves of config_read() that do no I/O, for it and tests ---- */

/*
 * Takes the value of a file of one line: `text`, which is changed. False, with
 * what is wrong and what is used instead in `wrong`, when it isn't understood.
 * `name` is one of the files that hold a line.
 */
bool config_take(struct service_config *config, enum config_name name,
		 char *text, struct strb *wrong);

/* Whether a file that begins with `text` says that execlineb is to run it. */
bool config_is_execline(const char *text);

/*
 * Draws the conclusions, when all names and values are in: evidence, dialect
 * and what depends on them.
 */
void config_conclude(struct service_config *config);

#endif
