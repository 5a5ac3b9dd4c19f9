/*
 * backend.h -- what loop.c asks of the backend it is built with.
 *
 * backend_epoll.c and backend_poll.c each define struct backend and these.
 */
#ifndef LOOP_BACKEND_H
#define LOOP_BACKEND_H

#include "loop/loop.h"

struct backend;

/* A backend for `loop`, whose callbacks it makes; or NULL with errno. */
struct backend *backend_new(struct loop *loop);
void backend_free(struct backend *backend);
struct backend *loop_backend(struct loop *loop);

/*
 * Waits until something happens or `timeout_ms` passes (-1: no limit), then
 * makes the callbacks. 0, or -1 with errno.
 */
int backend_wait(struct backend *backend, int timeout_ms);

#endif
