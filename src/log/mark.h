/*
 * mark.h -- what a logger puts in front of a line: the time, and a space.
 *
 * A mark of one kind always has the same length, so what is the mark and what
 * the line can be told by counting.
 */
#ifndef LOG_MARK_H
#define LOG_MARK_H

#include <stddef.h>
#include <time.h>

enum mark_kind {
	MARK_NONE,
	MARK_TAI64N,  /* a label */
	MARK_RUNIT,   /* YYYY-MM-DD_HH:MM:SS.xxxxx, UTC; runit's svlogd -tt */
	MARK_RUNIT_T, /* the same with a T between; -ttt */
	MARK_ACCU,    /* SSSSSSSSSS.UUUUUU, Unix time; daemontools-encore's T */
	MARK_ISO      /* YYYY-MM-DDTHH:MM:SS.NNNNNNNNNZ, ISO 8601, UTC */
};

#define MARK_SIZE 32 /* bytes: room for any */

/* The length of such marks, the space included. */
size_t mark_len(enum mark_kind kind);

/* Writes the mark of `moment`, without a '\0'. Years above 9999 are cut. */
void mark_format(enum mark_kind kind, struct timespec moment,
		 char out[MARK_SIZE]);

#endif
