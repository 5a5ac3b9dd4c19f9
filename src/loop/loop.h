/*
 * loop.h -- calls back when something happens: a descriptor is readable, a
 * process ends, a moment comes, a signal arrives, a directory changes.
 *
 * Every watcher is a member of its owner's struct: adding one allocates
 * nothing here, and removing one is always safe, also from inside a callback
 * and for a watcher whose callback is about to run. With nothing to do the
 * loop sleeps without limit. Callbacks run one at a time, in the thread that
 * called loop_run().
 *
 * Two backends, chosen when building: backend_epoll.c (Linux: pidfds,
 * signalfd, inotify) and backend_poll.c (POSIX.1-2008). They differ only where
 * a comment here says so.
 */
#ifndef LOOP_LOOP_H
#define LOOP_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct loop;

/* ---- descriptors ---- */

struct loop_watch {
	int fd; /* borrowed: the owner closes it, after loop_watch_remove() */
	void (*on_readable)(struct loop_watch *watch);
	void *owner;
	bool is_added;
	unsigned slot; /* the backend's */
};

/* ---- moments ---- */

struct loop_timer {
	int64_t due_ns; /* CLOCK_MONOTONIC */
	void (*on_due)(struct loop_timer *timer);
	void *owner;
	bool is_set;
	/* A pairing heap: the first child, the next sibling, and whoever
	 * points here (the left sibling, or the parent of a first child). */
	struct loop_timer *child, *next, *before;
};

/* ---- processes ---- */

/* How a process ended. */
struct process_end {
	bool is_known;     /* false: it is gone, and nobody can tell how */
	bool has_dumped;   /* a core was written */
	bool was_starved;  /* memory was short; others find that out */
	int exit_code;     /* 0 to 255; 0 when it was killed */
	int signal_number; /* 0 when it exited */
};

/*
 * A child that has ended and isn't reaped yet: its status stays in the kernel,
 * which hands it on to whoever inherits our children.
 */
struct loop_remains {
	int pidfd; /* owned; -1: there are none */
};

struct loop_process {
	pid_t pid;
	bool is_child; /* ours to reap; else one that was adopted */
	/* Of one that was adopted, when it started, as who reaps it will tell
	 * of it; see loop_process_told(). */
	int64_t start_ticks;
	/* Borrowed: where a child goes when it has ended, to be reaped by
	 * loop_bury() only; NULL: it is reaped at once. The poll backend always
	 * does that. */
	struct loop_remains *remains;
	void (*on_exit)(struct loop_process *process, struct process_end end);
	void *owner;
	/* The rest is the loop's. */
	struct loop *loop;
	int pidfd; /* owned while added; -1 where there is none */
	struct loop_watch watch;
	struct loop_timer patience;
	struct loop_process *next, **link;
};

/* How long an ended process that somebody else must reap is waited for, so
 * that the kernel can tell how it ended. */
#define LOOP_END_PATIENCE_NS INT64_C(1000000000)

/* ---- directories ---- */

enum directory_change {
	DIRECTORY_ENTRIES, /* a name came or went */
	DIRECTORY_ITSELF,  /* it was renamed, removed or unmounted */
};

struct loop_directory {
	/* `name`: the entry that came or went; NULL when it isn't known. */
	void (*on_change)(struct loop_directory *directory,
			  enum directory_change change, const char *name);
	void *owner;
	bool is_added;
	int descriptor; /* the backend's */
	struct loop_directory *next;
};

/*
 * A new loop, or NULL with errno. From here on SIGPIPE is blocked, so write(2)
 * returns EPIPE; and whatever was inherited, SIGCHLD isn't ignored once a
 * process is watched. One per process.
 */
struct loop *loop_new(void);
void loop_free(struct loop *loop); /* NULL is fine; watchers are forgotten */

/* Runs callbacks until loop_stop(). 0, or -1 with errno: it can't wait. */
int loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* `call` is made before each wait, for what was gathered in the callbacks of a
 * round. One per loop; NULL: none. */
void loop_before_wait(struct loop *loop, void (*call)(void *owner),
		      void *owner);

/* Tells of all changes of directories up to the end of the last wait, and so of
 * those before whatever a callback is told of: for who is about to rely on
 * there being none. */
void loop_directories_catch_up(struct loop *loop);

/* CLOCK_MONOTONIC now, in nanoseconds. */
int64_t loop_now_ns(void);

/* Calls `on_readable` whenever watch->fd has input or end of file. 0, or -1
 * with errno; a regular file may be refused with EPERM. */
int loop_watch_add(struct loop *loop, struct loop_watch *watch);
/* Does nothing for a watch that isn't added. */
void loop_watch_remove(struct loop *loop, struct loop_watch *watch);

/* Sets, or moves, the moment; `on_due` is called once. Cannot fail. */
void loop_timer_set(struct loop *loop, struct loop_timer *timer,
		    int64_t due_ns);
/* Does nothing for a timer that isn't set. */
void loop_timer_cancel(struct loop *loop, struct loop_timer *timer);

/*
 * Calls `on_exit` once when process->pid has ended; a child is then reaped (but
 * see `remains`), and the watcher removed before the call. `pidfd`, from the
 * spawn or -1, becomes the loop's. 0, or -1 with errno (ESRCH: no such
 * process), and then `pidfd` is closed. The poll backend looks at adopted
 * processes once a second, and to it they run until their parent has reaped
 * them: kill(2) finds a zombie, too.
 */
int loop_process_add(struct loop *loop, struct loop_process *process,
		     int pidfd);
void loop_process_remove(struct loop *loop, struct loop_process *process);
/* Reaps what is there, if anything. */
void loop_bury(struct loop_remains *remains);
/* What wait(2)'s `status` says. */
struct process_end process_end_of_status(int status);
/*
 * Somebody who reaped the process says how it ended. Only for one that has
 * ended, started at that time and isn't our child; otherwise nothing happens.
 */
void loop_process_told(struct loop *loop, pid_t pid, int64_t start_ticks,
		       int status);
/* Sends a signal to that very process, never to another with its number
 * (the poll backend: as surely as kill(2) can). 0, or -1 with errno (ESRCH: it
 * has ended, or isn't watched). */
int loop_process_signal(const struct loop_process *process, int number);
/*
 * The same to all of the process group that it leads: never to a group of
 * others, also when it was reaped and its number given to somebody else (before
 * Linux 6.9, and with the poll backend: as surely as kill(2) can right after
 * the process was there). 0, or -1 with errno.
 */
int loop_process_signal_group(const struct loop_process *process, int number);

/* Lets SIGTERM, SIGINT and SIGHUP call `on_signal`. 0, or -1 with errno. */
int loop_on_signal(struct loop *loop,
		   void (*on_signal)(void *owner, int number), void *owner);

/*
 * Before another program takes this one's place, by exec: from now on signals
 * wait for it, and so do those that came and weren't told of. Not `is_held`:
 * they are told of here again, as no other program came.
 */
void loop_hold_signals(struct loop *loop, bool is_held);

/*
 * Reaps children that nobody watches, as process 1 and child subreapers must;
 * it costs a walk over all children at each death, so only they should ask.
 */
void loop_reap_orphans(struct loop *loop);

/*
 * Calls `on_change` when the directory `path` changes. 0, or -1 with errno:
 * ENOSYS where the backend can't, others where the system refused. Either way
 * the caller must look from time to time instead.
 */
int loop_directory_add(struct loop *loop, struct loop_directory *directory,
		       const char *path);
/*
 * The same for what `name` is in the directory open as `dir_fd`, "." for
 * itself: no other directory is watched, whatever its path leads to by now.
 * `path` is only for systems that can't tell by a descriptor; NULL where it is
 * too long.
 */
int loop_directory_add_at(struct loop *loop, struct loop_directory *directory,
			  int dir_fd, const char *name, const char *path);
void loop_directory_remove(struct loop *loop, struct loop_directory *directory);

#endif
