/*
 * plan.h -- what a service is to be, and the service directory that says so.
 *
 * One place knows how a good directory looks: run ends in an exec, so that the
 * program is the service's process; its messages go the way of its output; the
 * logger runs as a user of its own, and owns the log and nothing else; secrets
 * are in files that only the owner reads. `sv add` and `sv import` fill a plan
 * in.
 */
#ifndef MAKE_PLAN_H
#define MAKE_PLAN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "make/list.h"
#include "make/sketch.h"
#include "service/graph.h"

/* A user that programs are run as, by a name. */
struct plan_user {
	const char *name; /* borrowed; NULL: as the supervisor */
	uid_t uid;
	gid_t gid;
};

/* All zeros, but for the command, is a service that logs as the supervisor. */
struct plan {
	/* Of this suite's programs, which scripts call by their paths, where
	 * their names lead to those of others; NULL: by their names. Borrowed.
	 */
	const char *folder;
	struct list command; /* its words; or ... */
	const char *line;    /* ... a command line of the shell; borrowed */
	struct list setup;   /* lines of the shell at the beginning of run */
	/*
	 * Commands as a shell takes them, with the user, variables and all that
	 * `command` has: before it; after its end; when it is told to end or to
	 * reload, ahead of the signal. '+' at the beginning of one: as the user
	 * of the supervisor; '-': it may fail.
	 */
	struct list before, after_end, on_stop, on_reload;
	bool is_reload_done;  /* by on_reload: no signal */
	struct list for_good; /* exit codes after which it is not restarted */
	const char *user;     /* as chpst -u takes it; borrowed */
	bool has_all_groups;  /* that `user` is a member of, too */
	bool is_privileged; /* `command` runs as the supervisor all the same */
	const char *cwd;    /* borrowed */
	struct list environment; /* "NAME=VALUE" */
	struct list env_files;   /* as chpst --env-file takes them */
	struct list limits;      /* words for softlimit */
	const char *output;      /* redirections of a shell; NULL: "2>&1" */
	const char *umask;       /* octal; borrowed */
	const char *nice;        /* borrowed */
	const char *io_priority; /* as chpst --ionice takes it; borrowed */
	const char *oom_score;   /* borrowed */
	bool refuses_privileges;
	bool is_down;
	bool is_oneshot; /* done when the command has ended well */
	struct list edges[GRAPH_KIND_COUNT]; /* names */
	/* Each a file of that name, if it isn't NULL; borrowed. */
	const char *restart, *timeout_kill, *timeout_up, *down_signal;
	const char *timeout_finish, *reload_signal, *notification_fd,
		*kill_scope;
	bool has_notify_socket;
	bool is_bundle; /* stands for edges[GRAPH_CONTAINS], and that is all */
	bool needs_no_log; /* output goes elsewhere */
	bool has_log;
	struct plan_user log_user;
	const char *log_limits; /* of multilog; NULL: a default; borrowed */
};

/* Splits "NAME=LIMIT", as in "nofile=1024" or "core=unlimited", and adds what
 * softlimit takes. False: no such limit. */
bool plan_add_limit(struct plan *plan, const char *text);

/* Whether `text` is "NAME=VALUE" with a name that a shell can have. */
bool plan_is_variable(const char *text);

/* Whether it is short of memory anywhere. */
bool plan_is_short(const struct plan *plan);

/* Draws the directory. Memory that is short shows in the sketch. (plan_draw.c)
 */
void plan_draw(const struct plan *plan, struct sketch *sketch);

/* Frees the lists; what is borrowed stays. */
void plan_free(struct plan *plan);

/* ---- parts of plan_draw(), for its files ---- */

/* A text that is written with stdio, then added as a file. */
struct plan_page {
	FILE *file;
	char *text;
	size_t len;
};

/* False: there is none, and the sketch is short of memory. */
bool plan_begin(struct plan_page *page, struct sketch *sketch);
void plan_end(struct plan_page *page, struct sketch *sketch, const char *path,
	      mode_t mode);

/* Whether a variable is a file in env; it is written in run otherwise. */
bool plan_fits_env(const char *variable);
bool plan_has_env(const struct plan *plan); /* any such */

/* One of this suite's programs, as a shell takes it. */
void plan_write_program(const struct plan *plan, const char *name, FILE *out);

/* run, and what else is run. (plan_scripts.c) */
void plan_draw_scripts(const struct plan *plan, struct sketch *sketch);

#endif
