/*
 * inherited.h -- a pipe that whoever started this program has left to it.
 */
#ifndef SERVICE_INHERITED_H
#define SERVICE_INHERITED_H

/*
 * The pipe whose number is in the environment variable, close-on-exec from now
 * on; the variable is removed. -1: there is none, and any other descriptor
 * isn't ours to use.
 */
int inherited_pipe(const char *variable);

#endif
