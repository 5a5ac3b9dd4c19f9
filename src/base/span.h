/*
 * span.h -- lengths of time, as people write them.
 *
 * "500ms", "10s", "5m", "2h", "1.5h", "3d", "1w", and several in a row,
 * "1h30m"; a lone number is of the unit that its place has.
 */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/strb.h"

#define SPAN_SECOND_NS      INT64_C(1000000000)
#define SPAN_MILLISECOND_NS INT64_C(1000000)

/*
 * Reads all of `text`; a number without a unit is of `unit_ns`, none if that is
 * 0, and a span longer than a century is as good as a century. False, and
 * *span_ns as it was, for any other text.
 */
bool span_parse(const char *text, int64_t unit_ns, int64_t *span_ns);

/* Adds a span in the fewest units, down to milliseconds: "1m30s". */
void span_add(struct strb *text, int64_t span_ns);

#endif
