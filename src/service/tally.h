/*
 * tally.h -- supervise/death_tally: when a service died, and how.
 *
 * Records of 14 bytes, the oldest first: a TAI64N label, an exit code (128 and
 * the signal's number where there was one), a signal. It is s6's file, read by
 * s6-svdt and s6-permafailon, so its labels count leap seconds as theirs do;
 * here, moments are what the clock says, as everywhere else. A reader sees
 * whole records: one is added by one write, and a file that is full is
 * replaced. Source: s6's servicedir page, and what Debian's s6-supervise 2.11
 * writes.
 */
#ifndef SERVICE_TALLY_H
#define SERVICE_TALLY_H

#include <stdint.h>
#include <time.h>

#include "base/tai64n.h"

#define TALLY_FILE        "supervise/death_tally"
#define TALLY_RECORD_SIZE (TAI64N_SIZE + 2) /* bytes */
#define TALLY_MAX         4096              /* records that a file may have */
/* Leap seconds between 1972 and 2017; there has been none since. */
#define TALLY_LEAP_S 27

struct tally_death {
	struct timespec at;    /* CLOCK_REALTIME */
	uint8_t exit_code;     /* of a process that exited */
	uint8_t signal_number; /* that killed it; 0: none did */
};

/*
 * Adds a death to the tally of the service directory open as `dir_fd`, which
 * then has the last `max_count` ones; 0: there is none any more. 0, or -1 with
 * errno; then the old records stand.
 */
int tally_add(int dir_fd, const struct tally_death *death, uint32_t max_count);

/*
 * Reads the last `max_count` deaths into `deaths`, the oldest first. Returns
 * how many there are; 0 also if there is no tally; -1 with errno from openat(2)
 * or read(2). Bytes that are no whole record are left out.
 */
int tally_read(int dir_fd, struct tally_death *deaths, uint32_t max_count);

#endif
