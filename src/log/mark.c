/* mark.c -- see mark.h. */
#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "base/tai64n.h"
#include "log/mark.h"

#define DATE_LEN 10 /* YYYY-MM-DD */
#define DAY_LEN  25 /* with the time and five digits of a second */
#define ISO_LEN  30 /* with nine, and "Z" */

static const size_t lens[] = {
	[MARK_NONE] = 0,
	[MARK_TAI64N] = TAI64N_LABEL_SIZE + 1,
	[MARK_RUNIT] = DAY_LEN + 1,
	[MARK_RUNIT_T] = DAY_LEN + 1,
	[MARK_ACCU] = 10 + 1 + 6 + 1,
	[MARK_ISO] = ISO_LEN + 1,
};

size_t mark_len(enum mark_kind kind)
{
	return lens[kind];
}

void mark_format(enum mark_kind kind, struct timespec moment,
		 char out[MARK_SIZE])
{
	struct calendar calendar = {.is_utc = true};
	char text[CALENDAR_SIZE];
	size_t len = lens[kind];

	if (len == 0)
		return;
	if (kind == MARK_TAI64N) {
		tai64n_format(moment, out);
	} else if (kind == MARK_ACCU) {
		snprintf(text, sizeof(text), "%010lld.%06ld",
			 (long long)moment.tv_sec, moment.tv_nsec / 1000);
		memcpy(out, text, len - 1);
	} else {
		memset(text, '0', sizeof(text));
		calendar_format(&calendar, moment, text);
		memcpy(out, text, len - 1);
		out[DATE_LEN] = kind == MARK_RUNIT ? '_' : 'T';
		if (kind == MARK_ISO)
			out[len - 2] = 'Z';
	}
	out[len - 1] = ' ';
}
