/*
 * check.h -- the script `check` of a service: whether it is available.
 *
 * It runs in the service directory, without arguments, and says yes by exit 0;
 * what it writes to its standard output is thrown away. It is never waited for
 * by blocking. Source: the runit suite's sv(8), and experiments with it.
 */
#ifndef CLIENT_CHECK_H
#define CLIENT_CHECK_H

#include <stdbool.h>

#include "loop/loop.h"

/* Between two runs, as in runit's sv. */
#define CHECK_PAUSE_NS INT64_C(420000000)

/* Whether the service directory has one that may be run. */
bool check_is_there(int dir_fd);

/*
 * Starts it, for `process`, whose on_exit and owner are set by the caller. 0,
 * or -1 with errno.
 */
int check_start(int dir_fd, struct loop *loop, struct loop_process *process);

/* Kills it if it runs, and forgets it; it is a child until the program ends. */
void check_end(struct loop *loop, struct loop_process *process);

#endif
