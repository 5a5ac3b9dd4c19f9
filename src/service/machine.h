/*
 * machine.h -- what a service does next, decided without doing anything.
 *
 * machine_step() is a pure function of (machine, event): the engine feeds it
 * what happened and carries out what it asks for. The test enumerates every
 * state that events can lead to. What always holds:
 * - at most one process runs: MACHINE_START comes only when none does;
 * - starts are at least MACHINE_THROTTLE_NS apart;
 * - a service wanted down is never started;
 * - once leaving was asked for, MACHINE_LEAVE comes when no process runs, and
 *   nothing comes after it.
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

enum machine_phase {
	MACHINE_DOWN,    /* no process, none due */
	MACHINE_WAITING, /* no process; one starts at start_due_ns */
	MACHINE_UP,      /* a process runs */
	MACHINE_GONE,    /* no longer supervised: the last phase */
	MACHINE_PHASE_COUNT
};

/* What was asked for; the values are the bytes of the status file. */
enum machine_want {
	MACHINE_WANT_ONCE = 0,
	MACHINE_WANT_UP = 'u',
	MACHINE_WANT_DOWN = 'd',
};

struct machine {
	enum machine_phase phase;
	enum machine_want want;
	bool is_paused;       /* STOP was sent, and no CONT since */
	bool is_term_sent;    /* the running process was told to end */
	bool is_leaving;      /* stop supervising once nothing runs */
	bool is_draining;     /* and nobody but an orderly stop asked for it */
	uint8_t refused;      /* starts in a row that the system refused */
	int64_t start_due_ns; /* CLOCK_MONOTONIC: no start before this */
};

enum machine_event {
	/* Supervision begins, nothing runs; `want` is set already. */
	EVENT_BEGIN,
	EVENT_COMMAND,       /* a byte came, `letter` */
	EVENT_EXITED,        /* the process ended */
	EVENT_START_REFUSED, /* the system had no process to give */
	EVENT_TIMER,         /* start_due_ns has come */
	/* An orderly stop: end the process, start no other, then leave. */
	EVENT_STOP,
	/*
	 * The same for a logger, whose input ends now: it isn't told to end
	 * but reads all there is. One that is about to start still does.
	 */
	EVENT_DRAIN,
	EVENT_COUNT
};

/* What to do, in the order of these bits. */
enum machine_action {
	/* The wishes changed: put them on record before acting on them. */
	MACHINE_PUBLISH = 1 << 0,
	MACHINE_SIGNAL = 1 << 1, /* send signals[0], then signals[1] if any */
	MACHINE_START = 1 << 2,  /* and publish, or report the refusal */
	MACHINE_TIMER = 1 << 3,  /* send EVENT_TIMER at start_due_ns */
	MACHINE_LEAVE = 1 << 4,  /* nothing runs any more: let go */
};

struct machine_step {
	unsigned actions; /* of enum machine_action */
	int signals[2];   /* 0: none */
};

/*
 * Changes `machine` as `event` demands and says what is to be done about it.
 * `letter` counts for EVENT_COMMAND only. `now_ns` is CLOCK_MONOTONIC.
 */
struct machine_step machine_step(struct machine *machine,
				 enum machine_event event, char letter,
				 int64_t now_ns);

#endif
