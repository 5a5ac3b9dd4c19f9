/*
 * span.h -- spans of time as people write them.
 */
#ifndef CLIENT_SPAN_H
#define CLIENT_SPAN_H

#include <stdbool.h>
#include <stdint.h>

#define SPAN_SECOND_NS      INT64_C(1000000000)
#define SPAN_MILLISECOND_NS INT64_C(1000000)

/*
 * Reads a decimal number, like "7" or "0.5", of units of `unit_ns`; a span
 * longer than a century is as good as a century. False, and *span_ns as it was,
 * unless `text` is such a number.
 */
bool span_parse(const char *text, int64_t unit_ns, int64_t *span_ns);

#endif
