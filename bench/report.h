/*
 * report.h -- how a program of the comparison says that it runs.
 *
 * A report is one write(2) of one struct to a FIFO whose reader drains it now
 * and then, so reports never mix and nothing has to poll or parse. The moment
 * is taken by the program itself: however late the reader comes, it is right.
 */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stdint.h>

/* Names the FIFO. Unset: nobody wants to know, and nothing is reported. */
#define REPORT_VARIABLE "HOLDFAST_BENCH_REPORT"

/* The bytes on the FIFO; bench/reports.py reads them. */
struct report {
	int64_t at_ns;   /* CLOCK_MONOTONIC */
	uint64_t folder; /* the inode of the current directory: which service */
	int64_t pid;
};

/* Reports the caller, now. Returns 0, or -1 with errno when nobody heard. */
int report_self(void);

#endif
