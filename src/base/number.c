/* number.c -- see number.h. */
#include <errno.h>

#include "base/number.h"

static int parse(const char *text, unsigned base, uint64_t max,
		 uint64_t *number)
{
	uint64_t value = 0;
	int error = *text == '\0' ? EINVAL : 0;

	for (; *text; text++) {
		uint64_t digit = (unsigned char)*text - (uint64_t)'0';

		if (digit >= base)
			error = EINVAL;
		else if (digit > max || value > (max - digit) / base)
			error = error ? error : ERANGE;
		else
			value = value * base + digit;
	}
	if (error) {
		errno = error;
		return -1;
	}
	*number = value;
	return 0;
}

int number_parse(const char *text, uint64_t max, uint64_t *number)
{
	return parse(text, 10, max, number);
}

int number_parse_octal(const char *text, uint64_t max, uint64_t *number)
{
	return parse(text, 8, max, number);
}

int number_parse_signed(const char *text, int64_t min, int64_t max,
			int64_t *number)
{
	uint64_t size;

	if (*text == '-') {
		/* Not -min: the least number has no positive twin. */
		if (parse(text + 1, 10, 0 - (uint64_t)min, &size) == -1)
			return -1;
		*number = size == 0 ? 0 : -(int64_t)(size - 1) - 1;
		return 0;
	}
	if (parse(text + (*text == '+'), 10, (uint64_t)max, &size) == -1)
		return -1;
	*number = (int64_t)size;
	return 0;
}
