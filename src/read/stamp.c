/* stamp.c -- see stamp.h. */
#include "base/calendar.h"
#include "base/tai64n.h"
#include "read/stamp.h"

_Static_assert(STAMP_SIZE == TAI64N_LABEL_SIZE, "the search relies on it");

static bool is_hex_digit(char byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f');
}

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

/* The number at `text`, of `count` digits. */
static int number_at(const char *text, int count)
{
	int number = 0;

	for (int i = 0; i < count; i++)
		number = number * 10 + (text[i] - '0');
	return number;
}

/* svlogd's dates. */
static bool parse_date(const char *line, struct timespec *moment)
{
	static const char form[] = "0000-00-00_00:00:00.00000";
	int month, day;

	for (size_t i = 0; i < STAMP_SIZE; i++) {
		bool is_same = form[i] == '0' ? is_digit(line[i])
			       : form[i] == '_'
				       ? line[i] == '_' || line[i] == 'T'
				       : line[i] == form[i];

		if (!is_same)
			return false;
	}
	month = number_at(line + 5, 2);
	day = number_at(line + 8, 2);
	if (month < 1 || month > 12 || day < 1 || day > 31)
		return false;
	moment->tv_sec =
		(time_t)(calendar_days(number_at(line, 4), month, day) * 86400 +
			 number_at(line + 11, 2) * 3600L +
			 number_at(line + 14, 2) * 60L +
			 number_at(line + 17, 2));
	moment->tv_nsec = number_at(line + 20, 5) * 10000L;
	return true;
}

size_t stamp_parse(const char *line, size_t len, struct timespec *moment)
{
	bool is_label = len > 0 && line[0] == '@';
	char next = '\0';

	if (len < STAMP_SIZE)
		return 0;
	if (len > STAMP_SIZE)
		next = line[STAMP_SIZE];
	/* One digit too many: this is something else. */
	if (is_label ? is_hex_digit(next) : is_digit(next))
		return 0;
	if (is_label)
		return tai64n_parse(line, moment) ? STAMP_SIZE : 0;
	return parse_date(line, moment) ? STAMP_SIZE : 0;
}

bool stamp_may_begin(const char *line, size_t len)
{
	if (len == 0 || line[0] != '@')
		return false;
	for (size_t i = 1; i < len && i < STAMP_SIZE; i++) {
		if (!is_hex_digit(line[i]))
			return false;
	}
	return true;
}
