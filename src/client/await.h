/*
 * await.h -- waiting for several services: what svwait and svc share.
 */
#ifndef CLIENT_AWAIT_H
#define CLIENT_AWAIT_H

#include "client/waiting.h"

/* Exit codes of those that wait; s6's, so that scripts know them. */
enum {
	EXIT_TIMED_OUT = 99,
	EXIT_UNSUPERVISED = 102,
	EXIT_MOST_FAILED = 98, /* as many services have failed, or more */
};

struct await {
	enum condition condition;
	bool is_any; /* the first is enough */
	/* Something will be done to them: those that have no supervisor for it
	 * at the beginning aren't waited for. */
	bool is_acting;
	int64_t timeout_ns; /* -1: none */
	/* Begun by await_begin(); then one may act. */
	struct waiting *all; /* owned */
	size_t count;

	/* The rest is await.c's. */
	struct loop *loop; /* owned */
	int64_t begun_at_ns;
	struct loop_timer timer;
	size_t reached_count, left_count;
};

/*
 * Opens the service directories `paths`, subscribes to them and looks. Says
 * what is wrong, and returns the number that can be waited for: for others
 * dir_fd is -1. -1 with errno when memory or descriptors are short.
 */
int await_begin(struct await *await, char *const paths[], size_t count);

/*
 * Waits for those whose dir_fd isn't -1. Says which have timed out, or lack a
 * supervisor. Returns an exit code: 0, one of those above, EXIT_SYSTEM where
 * not all could be waited for, or how many have failed for good.
 */
int await_run(struct await *await);

#endif
