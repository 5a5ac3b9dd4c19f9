/*
 * waiting.h -- waiting until something is true of one service.
 *
 * The order is: subscribe, look, act, wait. So nothing that follows from the
 * act can be missed, and what was so before isn't taken for its effect.
 */
#ifndef CLIENT_WAITING_H
#define CLIENT_WAITING_H

#include "client/check.h"
#include "client/condition.h"
#include "client/watch.h"

/* How long a service may be without a supervisor before that is an outcome:
 * one that was killed, or is being replaced, is soon followed by another. */
#define WAITING_PATIENCE_NS INT64_C(5000000000)

enum outcome {
	OUTCOME_NONE, /* not yet */
	OUTCOME_REACHED,
	OUTCOME_FAILED,
	OUTCOME_UNSUPERVISED,
};

struct waiting {
	/* Set by the owner before waiting_begin(), and kept by it. */
	struct loop *loop;
	const char *path; /* of the service directory, from the cwd */
	int dir_fd;       /* the same directory */
	enum condition condition;
	/* A service with a script `check` isn't up before that says so, nor
	 * before it says that it is ready, if it can. */
	bool asks_check;
	bool has_acted;    /* something was asked of it, or is about to be */
	bool is_impatient; /* no supervisor is an outcome at once */
	/* It has its outcome. May call waiting_end(), or begin again. */
	void (*on_outcome)(struct waiting *waiting);
	void *owner;

	/* For the owner to read. */
	enum outcome outcome;
	struct look before, now; /* of waiting_begin(); the latest */

	/* The rest is waiting.c's. */
	struct watch watch;
	int64_t alone_since_ns; /* without a supervisor; 0: it has one */
	bool is_checked;        /* what `check` said of the latest change */
	struct look checked;    /* and which that was */
	struct loop_process check;
};

/* Subscribes and looks. No callback comes before waiting_judge(). */
void waiting_begin(struct waiting *waiting);

/* Whatever was to be done is done: judges now, and at each change until there
 * is an outcome. May call on_outcome before it returns. */
void waiting_judge(struct waiting *waiting);

/* No more callbacks. Does nothing the second time. */
void waiting_end(struct waiting *waiting);

#endif
