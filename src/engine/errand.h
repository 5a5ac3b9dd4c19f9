/*
 * errand.h -- takes messages out of a socket in a thread: see letterbox.h.
 *
 * For those that may keep whoever takes them out waiting. There are as many
 * threads as sockets that this is done for at the moment; at rest there is
 * none.
 */
#ifndef ENGINE_ERRAND_H
#define ENGINE_ERRAND_H

#include <stdbool.h>

#include "engine/keeper.h"
#include "loop/loop.h"

struct errand;

/*
 * Takes one message out of `fd`, and then calls `on_done`, from the loop. The
 * descriptor stays open until then. NULL: there is no thread to be had.
 */
struct errand *errand_take_one(struct loop *loop, int fd,
			       void (*on_done)(void *owner), void *owner);

/* Nobody waits for it any more. */
void errand_forget(struct errand *errand);

/* Nobody waits for it any more; the rest of what is in the socket goes, too,
 * which is then closed and let go. No more can come in. */
void errand_take_all(struct errand *errand, struct kept *kept);

/* The same of a socket that is in no errand. False: there is no thread to be
 * had, and nothing was done. */
bool errand_close(struct loop *loop, int fd, struct kept *kept);

#endif
