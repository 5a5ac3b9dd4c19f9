/* line.h -- how much of a line is looked at. */
#ifndef LOG_LINE_H
#define LOG_LINE_H

/*
 * Bytes, the stamp included, that patterns, alerts and status files see.
 * Source: the 0.76 specification, 3.3.
 */
#define LINE_LIMIT 1000

/* Bytes of a line that an alert shows; more are replaced by "...". */
#define ALERT_LIMIT 200

#endif
