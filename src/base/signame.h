/*
 * signame.h -- signals by name.
 *
 * Names are the system's without "SIG", and RTMIN, RTMIN+1 ... RTMAX (on Linux
 * counted from 34, whatever the C library keeps to itself); what is
 * read may have "SIG" before it, be in any case, or be a number.
 */
#ifndef BASE_SIGNAME_H
#define BASE_SIGNAME_H

#define SIGNAME_SIZE 24 /* bytes: more than any name takes */

/* The number of the signal that all of `text` names; -1 for any other text. */
int signame_parse(const char *text);

/* Writes the name of a signal, or its number if it has none. Returns `out`. */
const char *signame_of(int signal_number, char out[SIGNAME_SIZE]);

#endif
