/*
 * output.h -- standard output and error that the next user can open anew.
 *
 * /dev/stdout is opened by the rights of the pipe behind it, which belongs to
 * whoever made it. The new user gets the right to write, and no other: who may
 * read what a service says stays as it was. A pipe without a name is reached by
 * nobody but those who have it, so all may write to it; of a FIFO the group
 * may, which becomes the new user's.
 */
#ifndef CHAIN_OUTPUT_H
#define CHAIN_OUTPUT_H

#include <sys/types.h>

/* Gives what of 1 and 2 is a pipe to the group. What isn't this process's to
 * give stays as it is. */
void output_give(gid_t gid);

#endif
