/*
 * span.h -- lengths of time, as people write them.
 *
 * "500ms", "10s", "5m", "2h", and several in a row, "1h30m"; a number without
 * a unit is seconds.
 */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stdint.h>

#include "base/strb.h"

/*
 * Reads all of `text`. 0, or -1 with errno: EINVAL, not a span; ERANGE, more
 * than `max_ms`. Then *span_ms is as it was.
 */
int span_parse(const char *text, uint32_t max_ms, uint32_t *span_ms);

/* Adds a span as span_parse() reads it, in the fewest units: "1m30s". */
void span_add(struct strb *text, uint32_t span_ms);

#endif
