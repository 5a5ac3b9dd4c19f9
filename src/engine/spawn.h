/*
 * spawn.h -- starting a service's script.
 *
 * The child becomes leader of a session of its own, with an empty signal mask,
 * default dispositions, the descriptor limit and the chances when memory is
 * short that this process was started with, and no descriptors beyond 0, 1 and
 * 2. Before it runs the script it puts
 * its own identity on record; where that can't be done, or won't be believed,
 * it keeps the lock of the service directory open for life instead, so that no
 * later supervisor can start a second copy either way. The child also holds
 * that lock until it has become the script, and no other service's: whoever
 * gets the lock finds the record true.
 *
 * Here is what a start needs; launch.h makes it.
 */
#ifndef ENGINE_SPAWN_H
#define ENGINE_SPAWN_H

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "engine/shortage.h"
#include "service/identity.h"

enum spawn_slot { SLOT_LOCK, SLOT_INPUT, SLOT_HOME, SPAWN_SLOT_COUNT };

/* Where the parent of one start at a time puts what its child needs; so many
 * starts are made side by side. */
struct spawn_slots {
	int fds[SPAWN_SLOT_COUNT];
};

#define SPAWN_LANES   4
#define SPAWN_OUTPUTS 2 /* standard output and standard error */

struct launcher;

struct spawner {
	struct eras eras;
	struct rlimit limit; /* of descriptors, as this process got it */
	bool has_raised_limit;
	int64_t oom_score; /* see oom_score.h; likewise */
	bool has_oom_score_changed;
	sigset_t ignored; /* dispositions that this process inherited */
	bool has_ignored;
	/* Descriptors below `keep_below` are all that a child gets to see, and
	 * of the slots among them its own. */
	struct spawn_slots slots[SPAWN_LANES];
	unsigned keep_below;
	/* See spawner_keep_output(); 0: not kept. */
	int own_output[SPAWN_OUTPUTS];
	struct shortage shortage;
	struct launcher *launcher; /* launch.h's; NULL: nothing was started */
};

#define SPAWN_ARGUMENTS  4
#define SPAWN_CONTROL_FD 3

enum record_result {
	RECORD_FAILED,  /* its identity isn't on record */
	RECORD_PARTIAL, /* something else isn't */
	RECORD_COMPLETE,
};

struct spawn_plan {
	const char *script; /* "run": what is run is ./run */
	const char *name;   /* of the service, for messages */
	/* Up to a NULL: the script's arguments, after its own name. */
	const char *arguments[SPAWN_ARGUMENTS + 1];
	int dir_fd;  /* that supervise/ is in: the child's cwd, at first */
	int home_fd; /* where the script is, and runs; -1: the same */
	int lock_fd; /* of that directory */
	/* Standard input is supervise/pipe of this directory; -1: inherited. */
	int input_dir_fd;
	bool has_output_pipe; /* standard output is the own supervise/pipe */
	bool is_output_kept;  /* which has a reader, whoever dies */
	bool has_own_output;  /* output and error are spawner.own_output */
	/* What is run is no program but a command line in that file: by
	 * execlineb, or, where there is none, by sh. */
	bool is_command_line;
	/* Its record isn't to be believed, as others can write it: the script
	 * holds the lock itself. */
	bool keeps_lock;
	bool keeps_session; /* no session and no process group of its own */
	/* Descriptors of the script's choice, -1: none: for its word that it is
	 * ready (see ready.h), and one that holds a lock for as long as it, or
	 * a child that inherited it, lives. */
	int notification_fd, lock_fd_number;
	/* It keeps supervise/control open, as SPAWN_CONTROL_FD, for writing:
	 * what is in that FIFO outlives this process, and nobody takes the
	 * script for a supervisor. */
	bool holds_control;
	const char *cgroup_path;  /* see scope.h; NULL: it stays */
	char *const *environment; /* NULL: this process's */
	/* It is process 1 of a new pid namespace. Where the system has none,
	 * the start fails. */
	bool has_pid_namespace;
	/*
	 * Puts the child on record, in the child. Allocates nothing and changes
	 * no memory of its caller's. NULL: it isn't put on record (see
	 * aside.h).
	 */
	enum record_result (*record)(const void *owner,
				     const struct identity *identity);
	const void *owner;
};

struct spawned {
	pid_t pid;
	int pidfd;           /* -1 where there is none */
	int64_t start_ticks; /* see identity.h */
	enum record_result record;
	/* The child has filled in all of this, writes to nothing more, and
	 * begins to become the script. */
	atomic_bool is_complete;
};

/*
 * Gets ready: raises the soft descriptor limit to the hard one, has the kernel
 * never end this process for want of memory, if permitted, marks inherited
 * descriptors close-on-exec, makes sure 0, 1 and 2 are open. 0, or -1 with
 * errno. For the life of the process; there is nothing to undo.
 */
int spawner_open(struct spawner *spawner);

/* Puts back as it was found what this process takes for itself, but children
 * don't get (before it becomes another program), or takes it again (when that
 * failed). */
void spawner_take_favours(struct spawner *spawner, bool take);

/*
 * Keeps standard output and error as they are now, for plans that ask for them,
 * before the owner gives 1 and 2 another meaning. Early: until it has become
 * its script, each child holds what lies below the descriptors that this takes.
 * 0, or -1 with errno.
 */
int spawner_keep_output(struct spawner *spawner);

/*
 * Ends what was just started and can't be watched: that is as good as none.
 * Waits for its end, but not for long: one that hangs in the kernel, or that
 * somebody traces, may take any time. Returns -1, with errno as it was.
 */
int spawn_undo(const struct spawned *spawned);

#endif
