/* watch.c -- see watch.h. */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/calendar.h"
#include "base/diag.h"
#include "base/options.h"
#include "base/signame.h"
#include "client/roster.h"
#include "cmd/sv/command.h"
#include "cmd/sv/watch.h"
#include "service/scan_dir.h"
#include "view/event.h"
#include "view/object.h"
#include "view/text.h"

struct watcher {
	bool is_json;
	struct roster roster;
};

static void print_text(const char *name, const struct event *event)
{
	struct calendar calendar = {.is_utc = false};
	struct timespec moment = {.tv_sec = (time_t)event->at_s};
	char room[4096], date[CALENDAR_SIZE];
	struct strb line = strb_on(room, sizeof(room));
	size_t len = calendar_format(&calendar, moment, date);
	const char *dot = len ? memchr(date, '.', len) : NULL;

	if (dot)
		strb_add_bytes(&line, date, (size_t)(dot - date));
	strb_add(&line, " ");
	text_add_shown(&line, name, SIZE_MAX);
	strb_add(&line, ": ");
	event_describe(event, &line);
	puts(room);
}

static void print_object(const char *name, const struct event *event)
{
	struct object object = {.file = stdout};
	const struct row_end *end = &event->end;
	char signal_name[SIGNAME_SIZE];

	object_begin(&object, NULL);
	object_time(&object, "time", event->at_s);
	object_text(&object, "service", name);
	object_text(&object, "event", event_word(event->kind));
	object_number_if(&object, "pid", event->pid != 0, event->pid);
	object_number_if(&object, "exit_code", end->how == ROW_END_EXIT,
			 end->number);
	object_text(&object, "signal",
		    end->how == ROW_END_SIGNAL
			    ? signame_of(end->number, signal_name)
			    : NULL);
	object_number_if(&object, "times", event->count > 0, event->count);
	object_end(&object);
}

static void on_change(struct roster *roster, const struct roster_place *place,
		      const struct look *before)
{
	const struct watcher *watcher = roster->owner;
	struct event events[EVENT_MOST];
	size_t count = event_compare(before, &place->look, events);

	for (size_t i = 0; i < count; i++) {
		if (events[i].at_s == 0)
			events[i].at_s = tai64n_now().tv_sec;
		if (watcher->is_json)
			print_object(place->name, &events[i]);
		else
			print_text(place->name, &events[i]);
	}
	/* Whoever read the events has gone. */
	if (fflush(stdout) == EOF || ferror(stdout))
		loop_stop(roster->loop);
}

/* Of how many services nothing will be heard. */
static int watch_names(struct roster *roster, char *const names[])
{
	int failed = 0;

	for (size_t i = 0; names[i]; i++) {
		if (roster_watch(roster, names[i]) == 0)
			continue;
		diag_warn_errno("unable to watch %s", names[i]);
		failed++;
	}
	return failed;
}

int watch_command(const char *scan_dir, int argc, char *argv[])
{
	static const struct option words[] = {
		{"json", no_argument, NULL, 'j'},
		{NULL, 0, NULL, 0},
	};
	struct watcher watcher = {.is_json = false};
	struct roster *roster = &watcher.roster;
	int letter, failed = 0;

	while ((letter = options_next_long(argc, argv, "+:j", words)) != -1) {
		if (letter != 'j')
			return COMMAND_MISUSED;
		watcher.is_json = true;
	}
	calendar_init();
	roster->scan_dir = scan_dir_find(scan_dir);
	roster->on_change = on_change;
	roster->owner = &watcher;
	roster->loop = loop_new();
	if (!roster->loop)
		diag_die_errno(EXIT_SYSTEM, "unable to wait for events");
	if (argv[optind])
		failed = watch_names(roster, argv + optind);
	else if (roster_watch_all(roster) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to read %s",
			       roster->scan_dir);
	if (roster->places || !argv[optind]) {
		if (loop_run(roster->loop) == -1)
			diag_die_errno(EXIT_SYSTEM,
				       "unable to wait for events");
	}
	roster_end(roster);
	loop_free(roster->loop);
	return failed;
}
