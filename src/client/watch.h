/*
 * watch.h -- being told when a service may look different.
 *
 * watch_look() subscribes, then looks: whatever changes after that look is
 * told of. The events are those of the directory supervise/ and the end of the
 * supervisor; where the system has none of the former, and only there, the
 * owner is called every WATCH_POLL_NS instead.
 */
#ifndef CLIENT_WATCH_H
#define CLIENT_WATCH_H

#include "client/look.h"
#include "loop/loop.h"

#define WATCH_POLL_NS INT64_C(100000000)

struct watch {
	/* Set by the owner before the first look, and kept by it. */
	struct loop *loop;
	const char *path; /* of the service directory, from the cwd */
	int dir_fd;       /* the same directory */
	/* It is worth a look. */
	void (*on_change)(struct watch *watch);
	void *owner;

	/* The rest is watch.c's. */
	struct loop_directory inner, outer; /* supervise/, and around it */
	struct loop_watch life;             /* its fd: owned */
	struct loop_timer again;
};

/*
 * Makes room for the descriptors of `count` services, as far as the hard limit
 * allows; a `check` that is run inherits it.
 */
void watch_make_room(size_t count);

/* Subscribes to what it isn't yet told of, and looks. Cannot fail. */
void watch_look(struct watch *watch, struct look *look);

/* Calls on_change in `span_ns` at the latest. */
void watch_again(struct watch *watch, int64_t span_ns);

/* No more calls; one that never looked may be ended, too. */
void watch_end(struct watch *watch);

#endif
