/* stamp.c -- see stamp.h. */
#include "base/tai64n.h"
#include "read/stamp.h"

static bool is_hex_digit(char byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f');
}

size_t stamp_parse(const char *line, size_t len, struct timespec *moment)
{
	if (len < TAI64N_LABEL_SIZE || line[0] != '@')
		return 0;
	/* One digit too many: this is something else. */
	if (len > TAI64N_LABEL_SIZE && is_hex_digit(line[TAI64N_LABEL_SIZE]))
		return 0;
	return tai64n_parse(line, moment) ? TAI64N_LABEL_SIZE : 0;
}

bool stamp_may_begin(const char *line, size_t len)
{
	if (len == 0 || line[0] != '@')
		return false;
	for (size_t i = 1; i < len && i < TAI64N_LABEL_SIZE; i++) {
		if (!is_hex_digit(line[i]))
			return false;
	}
	return true;
}
