/* span.c -- see span.h. */
#include "client/span.h"

#define LONGEST_NS (INT64_C(36525) * 86400 * 1000000000)

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool span_parse(const char *text, int64_t unit_ns, int64_t *span_ns)
{
	int64_t span = 0;

	if (!is_digit(text[0]))
		return false;
	for (; is_digit(*text); text++) {
		if (span <= LONGEST_NS)
			span = span * 10 + (*text - '0') * unit_ns;
	}
	if (*text == '.') {
		for (text++; is_digit(*text); text++) {
			unit_ns /= 10;
			span += (*text - '0') * unit_ns;
		}
	}
	if (*text != '\0')
		return false;
	*span_ns = span < LONGEST_NS ? span : LONGEST_NS;
	return true;
}
