/*
 * row.h -- a service as people see it: one state, in words.
 *
 * row_judge() is a pure function of what was seen and two moments. The states
 * are in the order of the trouble that they are, which is the order of tables.
 */
#ifndef VIEW_ROW_H
#define VIEW_ROW_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/strb.h"
#include "client/survey.h"
#include "view/proctree.h"

#define ROW_LOG_SIZE 512 /* bytes of the last line that are kept */

enum row_state {
	ROW_FAILED,       /* stays down until somebody asks for it */
	ROW_UNSUPERVISED, /* nobody has it in their care */
	ROW_UNKNOWN,      /* its files can't be read */
	ROW_RESTARTING,   /* it ended of itself, and starts again soon */
	ROW_UNSTABLE,     /* up, but it keeps ending */
	ROW_WAITING,      /* for another service */
	ROW_STARTING,     /* not ready yet, but it is to say when it is */
	ROW_STOPPING,     /* told to end, or cleaning up */
	ROW_PAUSED,
	ROW_UP,
	ROW_READY,
	ROW_DONE,   /* a one-shot that is up */
	ROW_BUNDLE, /* a name for others */
	ROW_DOWN,
	ROW_STATE_COUNT
};

/* What colours, and exit codes, tell. */
enum row_health {
	ROW_BAD,  /* somebody should look */
	ROW_BUSY, /* on its way */
	ROW_GOOD,
	ROW_IDLE,
};

/* How a process ended. */
struct row_end {
	enum {
		ROW_END_NONE,
		ROW_END_UNKNOWN,
		ROW_END_EXIT,
		ROW_END_SIGNAL
	} how;
	int number; /* the exit code or the signal */
	bool has_dumped, was_starved;
	int64_t at_s; /* Unix time; 0: not known */
};

struct row {
	const struct survey_service *service; /* borrowed */
	const char *name;                     /* its name */
	enum row_state state;
	bool is_hosted; /* somebody reads commands */
	/* It runs though nobody has it in their care. */
	bool is_stray;
	const char *waits_for; /* ROW_WAITING; or NULL */
	/* What its script, which it can't become, waits for: where the file
	 * system is mounted, or a file; or NULL. */
	const char *hangs_at;
	int64_t due_ns;     /* ROW_RESTARTING: from now; 0: any moment */
	int64_t since_s;    /* Unix time: the last start or death; 0: none */
	int64_t pid;        /* 0: no process */
	int64_t seen_pid;   /* the same; 0: it is of another pid namespace */
	int64_t restarts;   /* -1: not known */
	struct row_end end; /* the last one */
	struct usage usage;
	int64_t share_permille; /* of one processor, lately; for who knows */
	/* What is wrong with its logger, in words; NULL: nothing, or none. */
	const char *log_trouble;
	char log_line[ROW_LOG_SIZE]; /* the last; "" for none */
};

/* The two clocks, at the moment of the look. */
struct row_moment {
	struct timespec now; /* CLOCK_REALTIME */
	int64_t now_ns;      /* CLOCK_MONOTONIC */
};

/*
 * Fills in what the look tells; usage and log are left empty. `service` must
 * outlive the row.
 */
void row_judge(const struct survey_service *service,
	       const struct row_moment *moment, struct row *row);

/* One word, without blanks: what machines get. Static. */
const char *row_word(enum row_state state);

enum row_health row_health(const struct row *row);

/* Adds the state in a few words: "failed: exit 3", "waiting for db". */
void row_describe(const struct row *row, struct strb *text);

/* Adds "exit 3" or "killed by SEGV (core dumped)"; nothing where it is not
 * known. */
void row_add_end(const struct row_end *end, struct strb *text);

/* How a state says that its last process ended. */
struct row_end row_end_of(const struct state *state);

/*
 * Adds one or two sentences on what is wrong and what to try; nothing when
 * nothing is. `scan_dir` is for the commands that it names.
 */
void row_advise(const struct row *row, const char *scan_dir, struct strb *text);

/* By trouble, then by name: for qsort(3), of struct row. */
int row_compare(const void *one, const void *other);

#endif
