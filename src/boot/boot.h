/*
 * boot.h -- keeping svscan running, and its errors in sight.
 *
 *     svscanboot ── svscan SCANDIR ── the services
 *              └─── readproctitle service errors: ....
 *
 * svscan and what it starts write to a pipe that readproctitle reads. Both
 * ends stay open here, so neither program sees the other one die. This process
 * reaps every orphan, as process 1 or as a subreaper, and never stops services
 * that a dead svscan left behind: the next svscan adopts them.
 *
 * It also keeps what svscan opened for its services and a dead svscan would
 * take with it: see hold.h.
 *
 * In a container, whose output others read, there is no readproctitle, and what
 * is written goes where this process's own output does; the environment is
 * passed on; and all signals that engines send mean something: signals.h.
 *
 * start.c has what happens from a fork to the next program, keep.c when there
 * is to be one. Nothing allocates, once it runs. On SIGUSR1 svscan is told to
 * leave all services running and to exit, and this process does, too: what
 * systemd sends when it restarts the unit. Source: the 0.76 specification, 7.3
 * and row 45 of 11.
 */
#ifndef BOOT_BOOT_H
#define BOOT_BOOT_H

#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "boot/command.h"
#include "boot/hold.h"
#include "boot/signals.h"
#include "boot/sweep.h"
#include "service/readiness.h"

/* How many variables a child's environment may have besides. */
#define BOOT_VARIABLES 8

#define BOOT_REASON_SIZE 256 /* bytes */

/* A program that is started again whenever it ends. */
struct kept {
	char *const *argv;    /* borrowed; NULL: there is none */
	pid_t pid;            /* 0: not running */
	bool is_restart;      /* it ran before */
	int64_t started_ns;   /* CLOCK_MONOTONIC, the last start */
	int64_t start_due_ns; /* no start before this moment */
	int death_signal;     /* what ended it last; 0: nothing to tell */
	int fork_error;       /* errno of the starts that failed; 0: none */
};

struct boot {
	bool is_container; /* or of a machine */
	struct reactions reactions;
	struct kept svscan;
	struct kept title; /* a container has none */
	int read_fd;       /* of the pipe; owned, close-on-exec */
	int write_fd;      /* likewise */
	/* The pipe of deaths, see death.h: svscan reads it too. Owned. */
	int deaths_read_fd, deaths_write_fd;
	/* The pipe in which svscan tells of the end, see ending.h; -1: on a
	 * machine. Owned. */
	int ending_read_fd, ending_write_fd;
	struct sweep sweep;
	struct command command;
	struct hold hold;
	int64_t oom_score; /* what children get: see oom_score.h */
	bool has_oom_score_changed;
	/* Who waits for svscan to be ready, and the pipe in which svscan says
	 * so; -1 when nobody does, or it has. Owned. */
	struct readiness readiness;
	int ready_read_fd, ready_write_fd;
	char **environment; /* of children, with room for more of it; owned */
	size_t environment_count;
	char folder[PATH_MAX];     /* where this program is; "" when unknown */
	char path[PATH_MAX + 128]; /* "PATH=", with the folder */
	char *mains; /* "NAME=VALUE" for svscan, see mains.h; NULL: none; owned
		      */
	sigset_t caught;     /* the signals behind the notes */
	bool is_stopping;    /* the end of svscan will be ours */
	bool is_last_try;    /* of a svscan that is to stop the services */
	bool stop_pending;   /* a TERM to pass on */
	bool scan_pending;   /* a HUP to pass on */
	bool is_detaching;   /* svscan's end will be ours, services run on */
	bool detach_pending; /* and svscan has to be told */
	bool is_over;
	int exit_code; /* when is_over */
	/* Of a container: why it ends, in words, and since when it does. */
	char reason[BOOT_REASON_SIZE]; /* "": no reason is known */
	int64_t ending_ns;             /* CLOCK_MONOTONIC; 0: it doesn't */
	bool is_of_service; /* and its exit code is that of a service */
	int told_code; /* the exit code to be, by svscan; -1: it is not over */
	bool has_remains; /* of what was started, when svscan has ended */
};

/*
 * Finds the folder of this program, which was called `called_as` (argv[0], or
 * NULL); those beside it are preferred to those on PATH.
 */
void boot_find_folder(struct boot *boot, const char *called_as);

/* Whether this process is the first of a container, as far as can be told. */
bool boot_looks_like_container(void);

/*
 * The environment of both programs: PATH alone, which begins with that folder
 * unless it has it. boot_find_folder() comes before. 0, or -1 with errno.
 */
int boot_set_environment(struct boot *boot);

/*
 * The same in a container: that of this process, but PATH has that folder at
 * its end; what is meant for this process alone is left out.
 */
int boot_pass_environment(struct boot *boot);

/* In a child: one variable more, "NAME=VALUE"; borrowed. */
void boot_add_variable(struct boot *boot, char *entry);

/*
 * Writes the environment to the directory `path`, for envdir(8), and makes it
 * if it isn't there; variables that can't be files are left out. 0, or -1 with
 * errno.
 */
int boot_write_environment(const struct boot *boot, const char *path);

/* 0, and but in a container 1 and 2, on /dev/null, and the pipes. 0, or -1 with
 * errno. */
int boot_open(struct boot *boot);

/* Closes the pipe in which svscan says that it is ready. */
void boot_close_ready(struct boot *boot);

/*
 * Starts the program if it doesn't run and may be started at `now_ns`
 * (CLOCK_MONOTONIC). A fork that fails is tried again.
 */
void boot_start_if_due(struct boot *boot, struct kept *program, int64_t now_ns);

/* In a child: limits, oom_score_adj and signals are what they were. */
void boot_give_back(const struct boot *boot);

/* In a child: becomes the program beside our own, or else the one on PATH. It
 * returns when there is none, and has said so. */
void boot_exec(const struct boot *boot, char *const argv[]);

/* Starts the command, if that is due. */
void boot_start_command(struct boot *boot);

/* In a child: tells a service of a signal, as `reaction` has it, and exits. */
_Noreturn void boot_pass_signal(const struct boot *boot,
				const struct reaction *reaction);

/* Catches signals; boot_run() takes note of those that come from now on. */
void boot_catch_signals(struct boot *boot);

/* Keeps both programs running to the end of all; returns the exit code. */
int boot_run(struct boot *boot);

#endif
