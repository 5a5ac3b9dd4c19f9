/*
 * look.h -- what a service looks like from outside, at one moment.
 *
 * The status tells of the process, whichever suite supervises. What the state
 * adds counts only where it is about the same change of the same process: it
 * may be what a former supervisor left behind.
 */
#ifndef CLIENT_LOOK_H
#define CLIENT_LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/problem.h"
#include "service/state.h"
#include "service/status.h"

/* The values are those of the last byte of runit's status. */
enum look_phase {
	LOOK_DOWN = 0,
	LOOK_RUN = 1,
	LOOK_FINISH = 2, /* run has ended, what cleans up after it has not */
};

struct look {
	/* What could not be done, as in "unable to ..."; static. NULL: somebody
	 * supervises, and all below is known. */
	const char *trouble;
	int error;       /* errno of it; 0: the file makes no sense */
	bool is_hosted;  /* somebody reads commands */
	bool has_status; /* the next five count */
	size_t size;     /* bytes of status: runit's, or the classic ones */
	unsigned char stamp[TAI64N_SIZE]; /* of the last change */
	/* By how much the clock was set since: to be added to that moment, and
	 * to those in the state; see service/since.h. 0: not, or unknown. */
	int64_t set_ns;
	enum look_phase phase;
	struct status status;
	bool has_state; /* the rest counts */
	struct state state;
	bool will_tell; /* it isn't ready, but it is to say so when it is */
};

/*
 * Looks at the service directory open as `dir_fd`. Where `ok_fd` isn't NULL it
 * gets a descriptor to be closed by the caller, or -1: it is writable for as
 * long as somebody supervises, then poll(2) says that nobody reads any more.
 */
void look_take(int dir_fd, struct look *look, int *ok_fd);

/* What could not be done, where `trouble` is set; the service isn't named. */
void look_problem(const struct look *look, struct problem *problem);

/*
 * Opens the directory of the log of the service open as `dir_fd`, to be looked
 * at as one of a service: "log", or, for an inline log, a program of that name,
 * where its supervisor keeps the files of that. -1 with errno: ENOENT, ENOTDIR:
 * there is no log, or nobody has looked at it yet.
 */
int look_open_log(int dir_fd);

/* When the last change was, by the clock as it is now. */
struct timespec look_since(const struct look *look);

/* Whole seconds that have passed since; 0 for a moment to come. */
uint64_t look_seconds(const struct look *look);

/* Whether the last change that both saw is the same. */
bool look_is_same_change(const struct look *one, const struct look *other);

#endif
