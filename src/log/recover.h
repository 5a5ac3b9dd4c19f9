/*
 * recover.h -- what brings a log directory to order; used by logdir only.
 */
#ifndef LOG_RECOVER_H
#define LOG_RECOVER_H

#include "log/archive.h"

/* Opens the empty file `name` for appending: the descriptor, or -1. */
int recover_create(int dir_fd, const char *name);

/*
 * Turns a `processed` that is complete into a safe old file and drops the
 * `previous` it was made from; otherwise drops `processed`, and `previous`
 * becomes an unfinished old file. 0, or -1 when it gave up.
 */
int recover_leftovers(struct archive *archive);

#endif
