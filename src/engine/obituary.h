/*
 * obituary.h -- what svscanboot told of deaths that nobody else saw.
 *
 * What was told before this process began is kept until its first scan is done;
 * what comes later is passed on to the loop at once. The last of both is kept
 * for longer: some directories can be taken over only later, as the child of a
 * svscan that was killed holds the lock of one for a while. A record stays in
 * the pipe until what follows from it is on record: for a svscan that is killed
 * before, it is told to the next one.
 */
#ifndef ENGINE_OBITUARY_H
#define ENGINE_OBITUARY_H

#include <stddef.h>

#include "loop/loop.h"
#include "service/death.h"

#define OBITUARIES_LATE 64

struct obituaries {
	int fd; /* owned: the read end; -1 when svscanboot isn't there */
	struct loop *loop;
	struct loop_watch watch;
	struct death *known; /* owned: told before we began; NULL when done */
	size_t count;
	struct death late[OBITUARIES_LATE]; /* the last ones, in a ring */
	size_t late_count;
	bool is_over;      /* svscanboot was there, and is gone */
	size_t left_bytes; /* of what is in the pipe: they were seen to */
};

/* Takes the pipe that the environment names, if any, and reads what is in it.
 */
void obituaries_open(struct obituaries *obituaries, struct loop *loop);
void obituaries_close(struct obituaries *obituaries);

/* False: nothing was told of that process so far, not even this moment.
 * `obituaries` may be NULL. */
bool obituaries_find(const struct obituaries *obituaries, int64_t pid,
		     int64_t start_ticks, struct process_end *end);

/* The first scan is done, and what it led to is on record. */
void obituaries_forget(struct obituaries *obituaries);

#endif
