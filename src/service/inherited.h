/*
 * inherited.h -- a pipe that whoever started this program has left to it, and
 * that it may leave to the program that it becomes.
 */
#ifndef SERVICE_INHERITED_H
#define SERVICE_INHERITED_H

#include <stdbool.h>

/*
 * The pipe whose number is in the environment variable, close-on-exec from now
 * on; the variable is removed. -1: there is none, and any other descriptor
 * isn't ours to use.
 */
int inherited_pipe(const char *variable);

/* The next program gets it in that variable (`keep`), or doesn't; -1: nothing
 * is done. */
void inherited_hand_down(int fd, const char *variable, bool keep);

#endif
