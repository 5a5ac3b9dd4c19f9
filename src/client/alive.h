/*
 * alive.h -- whether the svscan of a scan directory is there, and answers.
 *
 * It is there if somebody reads .svscan/control, and answers if a byte that
 * means nothing is read from it. Linux tells when; elsewhere being there is all
 * that is known.
 */
#ifndef CLIENT_ALIVE_H
#define CLIENT_ALIVE_H

#include <stdint.h>

enum alive {
	ALIVE_YES,
	ALIVE_NO,      /* nobody reads commands */
	ALIVE_STUCK,   /* it is there, and hasn't answered in time */
	ALIVE_UNKNOWN, /* errno says why: EACCES, for instance */
};

/* Asks, with patience for `patience_ns`; 0: doesn't ask, but looks whether it
 * is there. SIGPIPE must be ignored or blocked. */
enum alive alive_ask(const char *scan_dir, int64_t patience_ns);

#endif
