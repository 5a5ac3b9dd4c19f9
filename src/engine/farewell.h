/*
 * farewell.h -- telling svscanboot how an orderly stop goes on: see
 * service/ending.h. Where nobody listens, nothing is looked at or told.
 */
#ifndef ENGINE_FAREWELL_H
#define ENGINE_FAREWELL_H

#include <stdbool.h>

#include "engine/log_service.h"
#include "engine/scan.h"

struct farewell {
	int fd;         /* owned; -1: nobody listens */
	bool has_begun; /* an earlier svscan was killed in the stop */
	/* Whose loggers there are; borrowed. */
	const struct scanner *scanner;
	const struct log_service *log;
};

/* Finds out whether somebody listens, and removes the variables. */
void farewell_open(struct farewell *farewell);
void farewell_close(struct farewell *farewell);

/* The next program, of an upgrade, is to tell (`keep`), or this one again. */
void farewell_hand_down(const struct farewell *farewell, bool keep);

/* All is to end; `reason` is NULL where somebody else knows it. */
void farewell_begins(const struct farewell *farewell, const char *reason);
/* No service is left. */
void farewell_down(const struct farewell *farewell);
/* Nothing is left. */
void farewell_over(const struct farewell *farewell, int exit_code);

#endif
