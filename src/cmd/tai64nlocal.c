/*
 * tai64nlocal.c -- turn the labels that begin lines into local time.
 *
 * A label is '@' and exactly 24 lower-case hex digits. What is no label, or one
 * for a time that the calendar cannot show, passes unchanged; so does every
 * other byte. Only the bytes of a label that may still go on are held back.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/filter.h"
#include "base/tai64n.h"

enum place { LINE_START, IN_LABEL, IN_LINE };

struct translator {
	struct filter filter;
	enum place place;
	size_t label_len; /* IN_LABEL: bytes of label[] so far */
	char label[TAI64N_LABEL_SIZE];
	/* The last second shown: lines often share one. */
	bool has_second;
	time_t second;
	size_t second_len;
	char second_text[64]; /* "YYYY-MM-DD HH:MM:SS." */
};

/* Prepares second_text for `second`; false if there is no such date. */
static bool format_second(struct translator *tr, time_t second)
{
	struct tm local;
	int len;

	if (tr->has_second && tr->second == second)
		return true;
	if (!localtime_r(&second, &local))
		return false;
	len = snprintf(tr->second_text, sizeof(tr->second_text),
		       "%ld-%02d-%02d %02d:%02d:%02d.", 1900L + local.tm_year,
		       local.tm_mon + 1, local.tm_mday, local.tm_hour,
		       local.tm_min, local.tm_sec);
	tr->has_second = true;
	tr->second = second;
	tr->second_len = (size_t)len;
	return true;
}

/* At least nine digits; ten are needed for what is no fraction of a second. */
static void put_nanoseconds(struct filter *filter, uint32_t nanoseconds)
{
	char digits[10];
	size_t start = sizeof(digits);

	while (nanoseconds > 0 || start > 1) {
		digits[--start] = (char)('0' + nanoseconds % 10);
		nanoseconds /= 10;
	}
	filter_put(filter, digits + start, sizeof(digits) - start);
}

/* Ends the label: shows it as a time if it is whole, and as it came if not. */
static void put_label(struct translator *tr)
{
	struct timespec moment;

	if (tr->label_len == sizeof(tr->label) &&
	    tai64n_parse(tr->label, &moment) &&
	    format_second(tr, moment.tv_sec)) {
		filter_put(&tr->filter, tr->second_text, tr->second_len);
		put_nanoseconds(&tr->filter, (uint32_t)moment.tv_nsec);
	} else {
		filter_put(&tr->filter, tr->label, tr->label_len);
	}
	tr->label_len = 0;
	tr->place = IN_LINE;
}

static bool is_hex_digit(char byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f');
}

/* Takes the label's bytes from `rest`; returns where they stop. */
static const char *take_label(struct translator *tr, const char *rest,
			      const char *end)
{
	while (rest < end && is_hex_digit(*rest) &&
	       tr->label_len < sizeof(tr->label))
		tr->label[tr->label_len++] = *rest++;
	if (rest == end)
		return rest;
	if (is_hex_digit(*rest)) {
		/* One digit too many: this is something else. */
		filter_put(&tr->filter, tr->label, tr->label_len);
		tr->label_len = 0;
		tr->place = IN_LINE;
	} else {
		put_label(tr);
	}
	return rest;
}

static void translate(struct translator *tr, const char *rest, const char *end)
{
	while (rest < end) {
		const char *newline;

		if (tr->place == LINE_START && *rest == '@') {
			tr->label[tr->label_len++] = *rest++;
			tr->place = IN_LABEL;
		}
		if (tr->place == IN_LABEL) {
			rest = take_label(tr, rest, end);
			if (rest == end)
				return;
		}
		newline = memchr(rest, '\n', (size_t)(end - rest));
		tr->place = newline ? LINE_START : IN_LINE;
		newline = newline ? newline + 1 : end;
		filter_put(&tr->filter, rest, (size_t)(newline - rest));
		rest = newline;
	}
}

/*
 * TZ=EST5EDT names a zone that comes with the system. musl takes it for a rule
 * that forgot its dates, and shows summer time all year; after a colon, every
 * libc looks for a file first.
 */
static void prefer_named_zone(void)
{
	const char *zone = getenv("TZ");
	char path[128];
	char named[64];

	if (!zone || !strpbrk(zone, "0123456789") || strpbrk(zone, ":,<") ||
	    strlen(zone) > sizeof(named) - sizeof(":"))
		return;
	snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", zone);
	if (access(path, R_OK) == -1)
		return;
	snprintf(named, sizeof(named), ":%s", zone);
	setenv("TZ", named, true);
}

int main(void)
{
	static struct translator tr;

	tr.filter.in_fd = STDIN_FILENO;
	tr.filter.out_fd = STDOUT_FILENO;
	prefer_named_zone();
	tzset(); /* localtime_r() need not */
	while (filter_read(&tr.filter))
		translate(&tr, tr.filter.in, tr.filter.in + tr.filter.in_len);
	put_label(&tr);
	return filter_finish(&tr.filter) == -1 ? EXIT_SYSTEM : 0;
}
