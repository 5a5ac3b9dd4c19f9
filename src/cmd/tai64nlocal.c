/*
 * tai64nlocal.c -- turn the labels that begin lines into local time.
 *
 * A label is '@' and exactly 24 lower-case hex digits. What is no label, or one
 * for a time that the calendar cannot show, passes unchanged; so does every
 * other byte. Only the bytes of a label that may still go on are held back.
 */
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/calendar.h"
#include "base/diag.h"
#include "base/filter.h"
#include "base/program.h"
#include "base/tai64n.h"

enum place { LINE_START, IN_LABEL, IN_LINE };

struct translator {
	struct filter filter;
	enum place place;
	size_t label_len; /* IN_LABEL: bytes of label[] so far */
	char label[TAI64N_LABEL_SIZE];
	struct calendar calendar;
};

/* Shows a label as a time; false, and nothing is put, if it can't be. */
static bool put_time(struct translator *tr, const char label[TAI64N_LABEL_SIZE])
{
	struct timespec moment;
	size_t len;

	if (!tai64n_parse(label, &moment))
		return false;
	len = calendar_format(&tr->calendar, moment,
			      filter_room(&tr->filter, CALENDAR_SIZE));
	filter_advance(&tr->filter, len);
	return len > 0;
}

/* Ends the label: shows it as a time if it is whole, and as it came if not. */
static void put_label(struct translator *tr)
{
	if (tr->label_len < sizeof(tr->label) || !put_time(tr, tr->label))
		filter_put(&tr->filter, tr->label, tr->label_len);
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

/*
 * Takes a label that is whole, and seen to be, at once; returns where it
 * stops. Others are left to be gathered.
 */
static const char *take_whole_label(struct translator *tr, const char *rest,
				    const char *end)
{
	if (end - rest <= TAI64N_LABEL_SIZE ||
	    is_hex_digit(rest[TAI64N_LABEL_SIZE]) || !put_time(tr, rest))
		return rest;
	tr->place = IN_LINE;
	return rest + TAI64N_LABEL_SIZE;
}

static void translate(struct translator *tr, const char *rest, const char *end)
{
	while (rest < end) {
		bool is_whole;

		if (tr->place == LINE_START && *rest == '@')
			rest = take_whole_label(tr, rest, end);
		if (tr->place == LINE_START && *rest == '@') {
			tr->label[tr->label_len++] = *rest++;
			tr->place = IN_LABEL;
		}
		if (tr->place == IN_LABEL) {
			rest = take_label(tr, rest, end);
			if (rest == end)
				return;
		}
		rest += filter_put_line(&tr->filter, rest, (size_t)(end - rest),
					&is_whole);
		tr->place = is_whole ? LINE_START : IN_LINE;
	}
}

int main(int argc, char *argv[])
{
	static struct translator tr;

	program_begin("tai64nlocal", argc, argv);
	tr.filter.in_fd = STDIN_FILENO;
	tr.filter.out_fd = STDOUT_FILENO;
	calendar_init();
	while (filter_read(&tr.filter))
		translate(&tr, tr.filter.in, tr.filter.in + tr.filter.in_len);
	put_label(&tr);
	return filter_finish(&tr.filter) == -1 ? EXIT_SYSTEM : 0;
}
