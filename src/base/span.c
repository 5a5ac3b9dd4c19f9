/* span.c -- see span.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/span.h"

struct unit {
	const char *name;
	uint32_t ms;
};

/* The longest first, as they are written. */
static const struct unit units[] = {
	{"h", 3600000},
	{"m", 60000},
	{"s", 1000},
	{"ms", 1},
};
#define UNIT_COUNT (sizeof(units) / sizeof(units[0]))

/* The unit that *rest begins with, and *rest past it; 0 if there is none. */
static uint32_t take_unit(const char **rest)
{
	size_t len = strspn(*rest, "hms");
	const char *name = *rest;

	for (size_t i = 0; i < UNIT_COUNT; i++) {
		if (strlen(units[i].name) == len &&
		    strncmp(units[i].name, name, len) == 0) {
			*rest += len;
			return units[i].ms;
		}
	}
	return 0;
}

static bool take_number(const char **rest, uint64_t *number)
{
	const char *digits = *rest;

	/* What is too large stays so, and no product wraps. */
	for (*number = 0; **rest >= '0' && **rest <= '9'; ++*rest) {
		if (*number <= UINT32_MAX)
			*number = *number * 10 + (uint64_t)(**rest - '0');
	}
	return *rest != digits;
}

int span_parse(const char *text, uint32_t max_ms, uint32_t *span_ms)
{
	const char *rest = text;
	uint64_t sum_ms = 0;

	do {
		bool is_first = rest == text;
		uint64_t number;
		uint32_t unit_ms = 0;

		if (take_number(&rest, &number))
			unit_ms = is_first && *rest == '\0' ? 1000
							    : take_unit(&rest);
		if (unit_ms == 0) {
			errno = EINVAL;
			return -1;
		}
		if (sum_ms <= UINT32_MAX)
			sum_ms += number * unit_ms;
	} while (*rest != '\0');
	if (sum_ms > max_ms) {
		errno = ERANGE;
		return -1;
	}
	*span_ms = (uint32_t)sum_ms;
	return 0;
}

void span_add(struct strb *text, uint32_t span_ms)
{
	if (span_ms == 0)
		strb_add(text, "0s");
	for (size_t i = 0; i < UNIT_COUNT; i++) {
		uint32_t number = span_ms / units[i].ms;

		if (number > 0)
			strb_add_format(text, "%" PRIu32 "%s", number,
					units[i].name);
		span_ms %= units[i].ms;
	}
}
