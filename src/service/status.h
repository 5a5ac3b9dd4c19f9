/*
 * status.h -- supervise/status, the record that tells how a service fares.
 *
 * Only its supervisor writes it. A reader sees the old record or the new one,
 * whole. The first 18 bytes are 0.76's, the last two are runit's; clients of
 * the former read 18, of the latter insist on 20.
 */
#ifndef SERVICE_STATUS_H
#define SERVICE_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define STATUS_SIZE         20 /* bytes, as written */
#define STATUS_CLASSIC_SIZE 18 /* bytes, as every reader can expect */

/* runit's word for what runs. */
enum status_activity { STATUS_DOWN, STATUS_RUN, STATUS_FINISH };

struct status {
	struct timespec
		changed_at; /* CLOCK_REALTIME: the last start or death */
	uint32_t run_pid;   /* 0 when no process runs */
	bool is_paused;
	char wanted;       /* 'u', 'd', or 0 for neither */
	bool is_term_sent; /* runit's: TERM was sent to it */
	enum status_activity activity;
};

/*
 * Lays `status` out as 12 bytes of TAI64N, 4 of pid (little-endian), is_paused,
 * wanted; then is_term_sent, and `activity`. Cannot fail.
 * Source: the 0.76 specification, 5.4; the runit suite's sv(8).
 */
void status_pack(const struct status *status, unsigned char out[STATUS_SIZE]);

/* The reverse, from the first 18 bytes; any bytes give some status. */
void status_unpack(const unsigned char in[STATUS_CLASSIC_SIZE],
		   struct status *status);

#endif
