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
 * start.c has what happens from a fork to the next program, keep.c when there
 * is to be one. Nothing allocates. On SIGUSR1 svscan is told to leave all
 * services running and to exit, and this process does, too: what systemd sends
 * when it restarts the unit.
 * Source: the 0.76 specification, 7.3 and row 45 of 11.
 */
#ifndef BOOT_BOOT_H
#define BOOT_BOOT_H

#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "boot/hold.h"
#include "service/readiness.h"

/* A program that is started again whenever it ends. */
struct kept {
	char *const *argv;    /* borrowed */
	pid_t pid;            /* 0: not running */
	bool is_restart;      /* it ran before */
	int64_t started_ns;   /* CLOCK_MONOTONIC, the last start */
	int64_t start_due_ns; /* no start before this moment */
	int death_signal;     /* what ended it last; 0: nothing to tell */
	int fork_error;       /* errno of the starts that failed; 0: none */
};

struct boot {
	struct kept svscan;
	struct kept title;
	int read_fd;  /* of the pipe; owned, close-on-exec */
	int write_fd; /* likewise */
	/* The pipe of deaths, see death.h: svscan reads it too. Owned. */
	int deaths_read_fd, deaths_write_fd;
	struct hold hold;
	int64_t oom_score; /* what children get: see oom_score.h */
	bool has_oom_score_changed;
	/* Who waits for svscan to be ready, and the pipe in which svscan says
	 * so; -1 when nobody does, or it has. Owned. */
	struct readiness readiness;
	int ready_read_fd, ready_write_fd;
	char folder[PATH_MAX];     /* where this program is; "" when unknown */
	char path[PATH_MAX + 128]; /* "PATH=", with the folder */
	sigset_t caught;           /* the signals behind the notes */
	bool is_stopping;          /* the end of svscan will be ours */
	bool is_last_try;    /* of a svscan that is to stop the services */
	bool stop_pending;   /* a TERM to pass on */
	bool scan_pending;   /* a HUP to pass on */
	bool is_detaching;   /* svscan's end will be ours, services run on */
	bool detach_pending; /* and svscan has to be told */
	bool is_over;
	int exit_code; /* when is_over */
};

/*
 * Finds the folder of this program, which was called `called_as` (argv[0], or
 * NULL); those beside it are preferred to those on PATH.
 */
void boot_find_folder(struct boot *boot, const char *called_as);

/*
 * The environment of both programs: PATH alone, which begins with that folder
 * unless it has it. boot_find_folder() comes before.
 */
void boot_set_environment(struct boot *boot);

/* 0, 1 and 2 on /dev/null, and the pipes. 0, or -1 with errno. */
int boot_open(struct boot *boot);

/* Closes the pipe in which svscan says that it is ready. */
void boot_close_ready(struct boot *boot);

/*
 * Starts the program if it doesn't run and may be started at `now_ns`
 * (CLOCK_MONOTONIC). A fork that fails is tried again.
 */
void boot_start_if_due(struct boot *boot, struct kept *program, int64_t now_ns);

/* Catches signals; boot_run() takes note of those that come from now on. */
void boot_catch_signals(struct boot *boot);

/* Keeps both programs running to the end of all; returns the exit code. */
int boot_run(struct boot *boot);

#endif
