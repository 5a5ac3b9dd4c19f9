/*
 * plain.h -- runit's supervise/stat and supervise/pid: how a service stands, as
 * text, for scripts written for runit. In directories that show that they are
 * runit's.
 *
 * Source: runit's runsv page, and what Debian's runsv 2.1.2 writes.
 */
#ifndef ENGINE_PLAIN_H
#define ENGINE_PLAIN_H

#include "engine/service.h"

/* Writes those that have changed. 0, or -1 with errno. */
int plain_publish(struct service *service);

#endif
