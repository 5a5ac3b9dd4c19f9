/*
 * arguments.h -- the order of words on sv's command line, and words that were
 * meant to be others.
 *
 * Words after "--" are never looked at. A service whose name begins with a dash
 * is written as a path, ./-NAME, or after "--".
 */
#ifndef CMD_SV_ARGUMENTS_H
#define CMD_SV_ARGUMENTS_H

#include <stdbool.h>

/* Moves the options of sv itself, -d DIR and, where `has_waits`, -v and -w
 * SECONDS, from behind the command argv[0] to before it. */
void arguments_gather(char *argv[], bool has_waits);

/* Moves options, with the words that belong to them, before the operands of the
 * command argv[0]. */
void arguments_sort(char *argv[]);

#endif
