/*
 * ending.h -- how an orderly stop goes on, told by svscan to svscanboot through
 * a pipe.
 *
 * As process 1 of a container svscanboot has to know when only loggers are
 * left, and which processes these are: whatever else is there then has outlived
 * its service. Both ends of the pipe are svscanboot's, so what a svscan that
 * was killed has told is still read. It is there only where the variable names
 * it, and reaches no service.
 */
#ifndef SERVICE_ENDING_H
#define SERVICE_ENDING_H

#include <stdbool.h>
#include <stdint.h>

/* The variable that tells svscan the number of the pipe's write end. */
#define ENDING_VARIABLE "HOLDFAST_ENDING"

/* One whose svscanboot is stopping already starts no service. */
#define ENDING_BEGUN_VARIABLE "HOLDFAST_ENDING_BEGUN"

enum ending_kind {
	ENDING_BEGINS, /* all is to end; `text` says why, if svscan knows */
	ENDING_LOGGER, /* `number` is a logger's process */
	ENDING_LISTED, /* those since BEGINS, or DOWN, were all */
	ENDING_DOWN,   /* no service is left, but loggers may be */
	ENDING_OVER,   /* nothing is left: `number` is the exit code to be */
	ENDING_KIND_COUNT
};

#define ENDING_TEXT_SIZE 112 /* bytes; a name that is longer is cut */

struct ending {
	int64_t kind; /* enum ending_kind */
	int64_t number;
	char text[ENDING_TEXT_SIZE];
};

/* Waits for room. What can't be told is not, as nobody listens then. */
void ending_tell(int write_fd, const struct ending *ending);

/* Takes the next one, if there is one now and it can be: false. The end must be
 * non-blocking. */
bool ending_take(int read_fd, struct ending *ending);

#endif
