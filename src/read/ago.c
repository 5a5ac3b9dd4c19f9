/*
 * ago.c -- see ago.h.
 *
 * Words become the letters of span.h, which reads the sum of them.
 */
#include <string.h>

#include "base/span.h"
#include "base/strb.h"
#include "read/ago.h"
#include "read/typed.h"

/* Bytes: more than a sensible span takes. */
#define SPAN_SIZE 64

/* As long as a span may be, a century; a number as long as that counts less. */
#define MONTHS_MAX   1200
#define MONTHS_DIGIT 4

struct unit {
	const char *words[4]; /* one, many, and short forms; NULL: no more */
	const char *letters;  /* of span.h; NULL for what has months */
	int months;
};

static const struct unit units[] = {
	{{"millisecond", "milliseconds", "msec", "msecs"}, "ms", 0},
	{{"second", "seconds", "sec", "secs"}, "s", 0},
	{{"minute", "minutes", "min", "mins"}, "m", 0},
	{{"hour", "hours", "hr", "hrs"}, "h", 0},
	{{"day", "days"}, "d", 0},
	{{"week", "weeks"}, "w", 0},
	{{"month", "months"}, NULL, 1},
	{{"year", "years", "yr", "yrs"}, NULL, 12},
	{{"ms"}, "ms", 0},
	{{"s"}, "s", 0},
	{{"m"}, "m", 0},
	{{"h"}, "h", 0},
	{{"d"}, "d", 0},
	{{"w"}, "w", 0},
};
#define UNIT_COUNT (sizeof(units) / sizeof(units[0]))
#define WORD_COUNT (sizeof(units[0].words) / sizeof(units[0].words[0]))

static const struct unit *take_unit(const char **rest)
{
	for (size_t i = 0; i < UNIT_COUNT; i++) {
		for (size_t j = 0; j < WORD_COUNT && units[i].words[j]; j++) {
			if (typed_take_word(rest, units[i].words[j]))
				return &units[i];
		}
	}
	return NULL;
}

/* Whole months of `number`, its digits: false where there are too many. */
static bool add_months(const char *number, size_t len, int months, int *sum)
{
	const char *rest = number;
	int count;

	if (!typed_take_number(&rest, 1, MONTHS_DIGIT, &count) ||
	    rest != number + len || count * months + *sum > MONTHS_MAX)
		return false;
	*sum += count * months;
	return true;
}

/* "1.5 hours", "3mo": adds it to the letters, or to the months. */
static bool take_part(const char **rest, struct strb *letters, int *months)
{
	const char *number = *rest;
	const struct unit *unit;
	size_t len = strspn(number, "0123456789.");

	if (len == 0)
		return false;
	*rest += len;
	typed_take_spaces(rest);
	unit = take_unit(rest);
	if (!unit)
		return false;
	if (!unit->letters)
		return add_months(number, len, unit->months, months);
	strb_add_bytes(letters, number, len);
	strb_add(letters, unit->letters);
	return true;
}

/* "an hour ago", "last week": one of a unit. */
static bool take_single(const char **rest, struct strb *letters, int *months)
{
	bool is_last = typed_take_word(rest, "last");
	const struct unit *unit;

	if (!is_last && !typed_take_word(rest, "an") &&
	    !typed_take_word(rest, "a"))
		return false;
	if (!typed_take_spaces(rest))
		return false;
	unit = take_unit(rest);
	if (!unit)
		return false;
	*months = unit->months;
	if (unit->letters)
		strb_add_format(letters, "1%s", unit->letters);
	if (is_last)
		return true;
	return typed_take_spaces(rest) && typed_take_word(rest, "ago");
}

/* Numbers and units in a row, up to the end or an "ago". */
static bool take_parts(const char **rest, struct strb *letters, int *months)
{
	bool has_number = false;

	typed_take(rest, "-");
	while (**rest != '\0' && !typed_take_word(rest, "ago")) {
		const char *at = *rest;

		/* "1 h and 5 m", "1 h, 5 m" */
		if (has_number &&
		    (typed_take_word(rest, "and") || typed_take(rest, ",")))
			typed_take_spaces(rest);
		if (!take_part(rest, letters, months))
			return false;
		has_number = *rest > at;
		if (**rest == ' ' && (*rest)[1] == '\0')
			return false;
		typed_take_spaces(rest);
	}
	return has_number;
}

bool ago_parse(const char *text, struct ago *ago)
{
	char room[SPAN_SIZE] = "";
	struct strb letters = strb_on(room, sizeof(room));
	struct ago found = {.months = 0};
	const char *rest = text;

	if (!take_single(&rest, &letters, &found.months)) {
		found.months = 0;
		rest = text;
		if (*room != '\0' ||
		    !take_parts(&rest, &letters, &found.months))
			return false;
	}
	if (*rest != '\0' || letters.is_cut ||
	    (*room != '\0' && !span_parse(room, 0, &found.span_ns)))
		return false;
	*ago = found;
	return true;
}
