/*
 * plain.h -- runit's supervise/stat and supervise/pid: how a service stands, as
 * text, for scripts written for runit. In directories that show that they are
 * runit's.
 *
 * Source: runit's runsv page, and what Debian's runsv 2.1.2 writes.
 */
#ifndef ENGINE_PLAIN_H
#define ENGINE_PLAIN_H

#include "engine/site.h"
#include "engine/standing.h"

/* Writes those that have changed since *sum, which is 0 before the first time.
 * 0, or -1 with errno. */
int plain_publish(const struct site *site, const struct standing *standing,
		  uint32_t *sum);

#endif
