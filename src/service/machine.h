/*
 * machine.h -- what a service does next, decided without doing anything.
 *
 * machine_step() is a pure function of (machine, event): the engine feeds it
 * what happened and carries out what it asks for. The test enumerates every
 * state that events can lead to. What always holds:
 * - at most one process runs: MACHINE_START comes only when none does;
 * - starts of "start" and "run" are at least MACHINE_THROTTLE_NS apart, but
 *   that "run" follows "start" at once;
 * - a service wanted down is never started, nor one that failed until somebody
 *   asks for it;
 * - one that must wait comes to no start, and one that is held is told to end
 * by nothing but the same command once more, until EVENT_RELEASED;
 * - "finish" follows each end of "run"; "stop" comes once on the way down, if
 *   "start" succeeded or "run" ran;
 * - once leaving was asked for, MACHINE_LEAVE comes when no process runs, and
 *   nothing comes after it.
 *
 * A machine whose rules are all zero is that of daemontools 0.76.
 */
#ifndef SERVICE_MACHINE_H
#define SERVICE_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

/* The least time between two starts of a service. */
#define MACHINE_THROTTLE_NS INT64_C(1000000000)
/* After a start that the system refused: this, then twice, up to five times. */
#define MACHINE_RETRY_NS   INT64_C(1000000000)
#define MACHINE_RETRY_MOST 5
/* Between KILL and KILL, for what outlived its limit. */
#define MACHINE_KILL_AGAIN_NS INT64_C(5000000000)

enum machine_phase {
	MACHINE_DOWN,      /* no process, none due */
	MACHINE_WAITING,   /* no process; one starts at start_due_ns */
	MACHINE_STARTING,  /* "start" runs */
	MACHINE_UP,        /* "run" runs */
	MACHINE_FINISHING, /* "run" has ended, "finish" runs */
	MACHINE_ACTIVE,    /* a one-shot that is up; no process */
	MACHINE_STOPPING,  /* "stop" runs */
	MACHINE_GONE,      /* no longer supervised: the last phase */
	MACHINE_PHASE_COUNT
};

/* What was asked for; the values are the bytes of the status file. */
enum machine_want {
	MACHINE_WANT_ONCE = 0,
	MACHINE_WANT_UP = 'u',
	MACHINE_WANT_DOWN = 'd',
};

/* What the service directory says of it; the owner keeps it up to date. */
struct machine_rules {
	bool has_start, has_finish, has_stop; /* these scripts are there */
	bool is_oneshot;         /* and "start" is all it does to come up */
	int down_signal;         /* what ends it; 0: TERM */
	int reload_signal;       /* 0: HUP */
	int64_t kill_after_ns;   /* after down_signal; 0: never */
	int64_t finish_limit_ns; /* then "finish" is killed; 0: never */
	int64_t up_limit_ns;     /* to be ready in; 0: any time will do */
	int64_t down_limit_ns;   /* to end in; 0: any time will do. "stop" is
				  * killed then; "run" where kill_after_ns
				  * says so, and on its terms alone */
	int64_t longest_wait_ns; /* that a restart policy may ask for */
};

struct machine {
	struct machine_rules rules;
	enum machine_phase phase;
	enum machine_want want;
	bool is_paused;    /* STOP was sent, and no CONT since */
	bool is_term_sent; /* the running process was told to end */
	bool is_leaving;   /* stop supervising once nothing runs */
	bool is_draining;  /* and nobody but an orderly stop asked for it */
	bool is_ending;    /* "down" or the like told it to end */
	bool is_started;   /* came up, so "stop" is due on the way down */
	bool is_start_due; /* a start was asked for while it went down */
	bool is_ready;     /* it said so, or it is an active one-shot */
	bool is_failed;    /* it isn't started again until somebody asks */
	/* Others come first. The owner's, who sets them before each step, and
	 * sends EVENT_RELEASED when they have changed. */
	bool must_wait;       /* to start */
	bool is_held;         /* to end because of "down" or an orderly stop */
	uint8_t refused;      /* starts in a row that the system refused */
	int64_t start_due_ns; /* CLOCK_MONOTONIC: no start before this */
	/* When patience with the running process ends: it should be ready, or
	 * have ended, by then. CLOCK_MONOTONIC; 0: never. */
	int64_t limit_ns;
};

enum machine_event {
	/* Supervision begins, nothing runs; `want` is set already. */
	EVENT_BEGIN,
	EVENT_COMMAND, /* a byte came, `letter` */
	EVENT_EXITED,  /* the process ended */
	/* The same, and it failed: "start" without success; "run" or "finish"
	 * so that it isn't to be tried again. */
	EVENT_FAILED,
	EVENT_START_REFUSED, /* the system had no process to give */
	EVENT_TIMER,         /* the moment of machine_due_ns() has come */
	EVENT_READY,         /* the service said that it is */
	EVENT_RELEASED,      /* must_wait or is_held may have changed */
	/* What it needs is about to end: it ends first, its wish stays. */
	EVENT_YIELD,
	/* An orderly stop: end the process, start no other, then leave. */
	EVENT_STOP,
	/*
	 * The same for a logger, whose input ends now: it isn't told to end
	 * but reads all there is. One that is about to start still does, also
	 * after its "finish": nobody else reads what is in its pipe.
	 */
	EVENT_DRAIN,
	EVENT_COUNT
};

/* What to do, in the order of these bits. */
enum machine_action {
	/* The wishes changed: put them on record before acting on them. */
	MACHINE_PUBLISH = 1 << 0,
	MACHINE_MAKE_DOWN = 1 << 1,   /* make the file "down" */
	MACHINE_REMOVE_DOWN = 1 << 2, /* remove it */
	MACHINE_SIGNAL = 1 << 3, /* send signals[0], then signals[1] if any */
	/* Run the phase's script, and publish, or report the refusal. */
	MACHINE_START = 1 << 4,
	MACHINE_TIMER = 1 << 5, /* send EVENT_TIMER at machine_due_ns() */
	MACHINE_LEAVE = 1 << 6, /* nothing runs any more: let go */
};

struct machine_step {
	unsigned actions; /* of enum machine_action */
	int signals[2];   /* 0: none */
	bool is_to_group; /* signals[0] goes to the whole process group */
};

/*
 * Changes `machine` as `event` demands and says what is to be done about it.
 * `letter` counts for EVENT_COMMAND only. `now_ns` is CLOCK_MONOTONIC.
 */
struct machine_step machine_step(struct machine *machine,
				 enum machine_event event, char letter,
				 int64_t now_ns);

/*
 * Corrects what no events can have led to, for a machine that was read from a
 * record: one that is damaged neither ends a service nor starts one that is
 * wanted down. What can be true stays as it is. `machine->rules` are known
 * already; `now_ns` is CLOCK_MONOTONIC.
 */
void machine_mend(struct machine *machine, int64_t now_ns);

/* Whether a process runs in that phase: one of the scripts. */
bool machine_has_process(enum machine_phase phase);

/* When EVENT_TIMER is due, CLOCK_MONOTONIC; 0: not as things stand. */
int64_t machine_due_ns(const struct machine *machine);

/* Whether it is up, wanted down, and wasn't told to end so far. */
bool machine_is_held_back(const struct machine *machine);

#endif
