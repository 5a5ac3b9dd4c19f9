/*
 * alone.h -- a process that hosts one service directory and its log: the engine
 * of svscan, with one entry and no scanning. What runsv is, and what svscan has
 * a directory hosted by that may hang: see apart.h.
 */
#ifndef ENGINE_ALONE_H
#define ENGINE_ALONE_H

#include "engine/leash.h"

/*
 * Hosts the directory `name` until it is told to end, or the service to leave;
 * says what is wrong, and exits if it can't begin. With a leash, not NULL, it
 * tries until it can; and leaves everything running when that ends. Returns the
 * exit code.
 */
int alone_run(const char *name, struct leash *leash);

#endif
