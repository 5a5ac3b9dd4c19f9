/* span.c -- see span.h. */
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "base/span.h"

#define LONGEST_NS (INT64_C(36525) * 86400 * SPAN_SECOND_NS)

struct unit {
	const char *name;
	int64_t ns;
	bool is_read_only; /* not used for writing: who waits, counts hours */
};

/* The letters of all of them. */
static const char letters[] = "wdhms";

/* The longest first, as they are written. */
static const struct unit units[] = {
	{"w", 7 * 86400 * SPAN_SECOND_NS, true},
	{"d", 86400 * SPAN_SECOND_NS, true},
	{"h", 3600 * SPAN_SECOND_NS, false},
	{"m", 60 * SPAN_SECOND_NS, false},
	{"s", SPAN_SECOND_NS, false},
	{"ms", SPAN_MILLISECOND_NS, false},
};
#define UNIT_COUNT (sizeof(units) / sizeof(units[0]))

/* The unit that `text` begins with; 0 if there is none. */
static int64_t find_unit(const char *text)
{
	size_t len = strspn(text, letters);

	for (size_t i = 0; i < UNIT_COUNT; i++) {
		if (strlen(units[i].name) == len &&
		    strncmp(units[i].name, text, len) == 0)
			return units[i].ns;
	}
	return 0;
}

/* How many digits there are, and their value in `unit_ns`; what is too long
 * stays so without wrapping. */
static size_t whole_ns(const char *digits, int64_t unit_ns, int64_t *span_ns)
{
	size_t len = strspn(digits, "0123456789");

	*span_ns = 0;
	for (size_t i = 0; i < len; i++) {
		if (*span_ns <= LONGEST_NS / 10)
			*span_ns = *span_ns * 10 + (digits[i] - '0') * unit_ns;
		else
			*span_ns = LONGEST_NS;
	}
	return len;
}

static void add_fraction(const char *digits, size_t len, int64_t unit_ns,
			 int64_t *span_ns)
{
	for (size_t i = 0; i < len && unit_ns > 0; i++) {
		unit_ns /= 10;
		*span_ns += (digits[i] - '0') * unit_ns;
	}
}

/* One number and its unit; *rest is then past them. */
static bool take_part(const char **rest, int64_t lone_unit_ns, int64_t *part_ns)
{
	const char *digits = *rest, *fraction, *end;
	size_t fraction_len = 0;
	int64_t unit_ns;

	end = digits + strspn(digits, "0123456789");
	fraction = end + 1;
	if (*end == '.') {
		fraction_len = strspn(fraction, "0123456789");
		if (fraction_len == 0)
			return false;
		end = fraction + fraction_len;
	}
	unit_ns = *end == '\0' ? lone_unit_ns : find_unit(end);
	if (unit_ns == 0 || whole_ns(digits, unit_ns, part_ns) == 0)
		return false;
	add_fraction(fraction, fraction_len, unit_ns, part_ns);
	*rest = end + strspn(end, letters);
	return true;
}

bool span_parse(const char *text, int64_t unit_ns, int64_t *span_ns)
{
	const char *rest = text;
	int64_t sum_ns = 0, part_ns;

	do {
		/* Only a number that is all of the text goes without. */
		if (!take_part(&rest, rest == text ? unit_ns : 0, &part_ns))
			return false;
		sum_ns += part_ns;
		if (sum_ns > LONGEST_NS)
			sum_ns = LONGEST_NS;
	} while (*rest != '\0');
	*span_ns = sum_ns;
	return true;
}

void span_add(struct strb *text, int64_t span_ns)
{
	if (span_ns < SPAN_MILLISECOND_NS)
		strb_add(text, "0s");
	for (size_t i = 0; i < UNIT_COUNT; i++) {
		int64_t number = span_ns / units[i].ns;

		if (units[i].is_read_only)
			continue;
		if (number > 0)
			strb_add_format(text, "%" PRId64 "%s", number,
					units[i].name);
		span_ns %= units[i].ns;
	}
}
