/*
 * trouble.h -- how a logger meets failure: it says so and tries again.
 *
 * A logger has nobody to hand a failure to, and to go on without the write
 * would lose lines. So each step is a loop:
 *
 *     while (step() == -1) {
 *         if (trouble("unable to ...") == -1)
 *             return -1;
 *     }
 */
#ifndef LOG_TROUBLE_H
#define LOG_TROUBLE_H

#include "base/diag.h"

#define TROUBLE_PAUSE_MS 5000

/*
 * Warns "TEXT, pausing: REASON", the reason being errno's, pauses and returns
 * 0: try again. A stop asked for by signal cuts the pause short, for one more
 * try; trouble after that warns "TEXT, giving up: REASON" and returns -1.
 */
int trouble(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* The same, with `reason` instead of errno's; NULL gives none. */
int trouble_because(const char *reason, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
