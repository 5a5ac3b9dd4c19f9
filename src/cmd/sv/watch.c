/* watch.c -- see watch.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/calendar.h"
#include "base/diag.h"
#include "base/options.h"
#include "base/signame.h"
#include "client/watch.h"
#include "cmd/sv/command.h"
#include "cmd/sv/watch.h"
#include "service/scan_dir.h"
#include "view/event.h"
#include "view/object.h"
#include "view/text.h"

struct watcher {
	const char *scan_dir;
	bool is_json;
	bool takes_all; /* what comes to the scan directory, too */
	struct loop *loop;
	struct loop_directory directory; /* the scan directory */
	struct loop_timer again;         /* where there are no events of it */
	struct place *places;
	size_t count;
};

/* A service, or the logger of one. */
struct place {
	struct watcher *watcher;
	char *name, *path; /* owned */
	int dir_fd;
	struct watch watch;
	struct look look; /* the latest */
	struct place *next;
};

/* ---- telling ---- */

/* Whoever read the events has gone. */
static void flush_or_end(struct watcher *watcher)
{
	if (fflush(stdout) == EOF || ferror(stdout))
		loop_stop(watcher->loop);
}

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

static void tell(struct place *place, const struct look *now)
{
	struct event events[EVENT_MOST];
	size_t count = event_compare(&place->look, now, events);

	for (size_t i = 0; i < count; i++) {
		if (events[i].at_s == 0)
			events[i].at_s = tai64n_now().tv_sec;
		if (place->watcher->is_json)
			print_object(place->name, &events[i]);
		else
			print_text(place->name, &events[i]);
	}
	place->look = *now;
	if (count > 0)
		flush_or_end(place->watcher);
}

static void on_change(struct watch *watch)
{
	struct place *place = watch->owner;
	struct look now;

	watch_look(watch, &now);
	tell(place, &now);
}

/* ---- places ---- */

static struct place *find_place(const struct watcher *watcher, const char *name)
{
	struct place *place = watcher->places;

	while (place && strcmp(place->name, name) != 0)
		place = place->next;
	return place;
}

static void free_place(struct place *place)
{
	watch_end(&place->watch);
	if (place->dir_fd != -1)
		close(place->dir_fd);
	free(place->name);
	free(place->path);
	free(place);
}

/* False with errno. `is_new`: that it is there is news. */
static bool add_place(struct watcher *watcher, const char *name,
		      const char *path, bool is_new)
{
	struct place *place = calloc(1, sizeof(*place));
	struct look now;

	if (!place)
		return false;
	place->watcher = watcher;
	place->name = strdup(name);
	place->path = strdup(path);
	place->dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	place->watch.loop = watcher->loop;
	place->watch.path = place->path;
	place->watch.dir_fd = place->dir_fd;
	place->watch.on_change = on_change;
	place->watch.owner = place;
	if (!place->name || !place->path || place->dir_fd == -1) {
		int error = errno;

		free_place(place);
		errno = error;
		return false;
	}
	place->next = watcher->places;
	watcher->places = place;
	watcher->count++;
	watch_look(&place->watch, &now);
	if (is_new)
		tell(place, &now);
	else
		place->look = now;
	return true;
}

/* The service, and its logger; false with errno when there is no service. */
static bool add_service(struct watcher *watcher, const char *name,
			const char *path, bool is_new)
{
	char log_path[PATH_MAX], log_name[PATH_MAX];
	struct strb text = strb_on(log_path, sizeof(log_path));
	struct strb label = strb_on(log_name, sizeof(log_name));

	watch_make_room(watcher->count + 2);
	if (!add_place(watcher, name, path, is_new))
		return false;
	strb_add_format(&text, "%s/log", path);
	strb_add_format(&label, "%s/log", name);
	if (!text.is_cut && !label.is_cut)
		add_place(watcher, log_name, log_path, is_new);
	return true;
}

/* ---- the scan directory ---- */

static void drop_removed(struct watcher *watcher)
{
	struct place **link = &watcher->places;

	while (*link) {
		struct place *place = *link;
		struct stat there, held;
		struct look gone = {.trouble = "open the directory"};

		if (stat(place->path, &there) == 0 &&
		    fstat(place->dir_fd, &held) == 0 &&
		    there.st_ino == held.st_ino &&
		    there.st_dev == held.st_dev) {
			link = &place->next;
			continue;
		}
		*link = place->next;
		watcher->count--;
		tell(place, &gone);
		free_place(place);
	}
}

static void scan(struct watcher *watcher, bool is_new)
{
	DIR *names = opendir(watcher->scan_dir);
	struct dirent *entry;

	drop_removed(watcher);
	while (names && (entry = readdir(names))) {
		char path[PATH_MAX];
		struct strb text = strb_on(path, sizeof(path));

		strb_add_format(&text, "%s/%s", watcher->scan_dir,
				entry->d_name);
		if (entry->d_name[0] != '.' && !text.is_cut &&
		    !find_place(watcher, entry->d_name))
			add_service(watcher, entry->d_name, path, is_new);
	}
	if (names)
		closedir(names);
}

static void on_directory(struct loop_directory *directory,
			 enum directory_change change, const char *name)
{
	(void)change;
	if (!name || name[0] != '.')
		scan(directory->owner, true);
}

static void on_again(struct loop_timer *again)
{
	struct watcher *watcher = again->owner;

	scan(watcher, true);
	loop_timer_set(watcher->loop, again, loop_now_ns() + WATCH_POLL_NS);
}

static void watch_all(struct watcher *watcher)
{
	DIR *names = opendir(watcher->scan_dir);

	if (!names)
		diag_die_errno(EXIT_SYSTEM, "unable to read %s",
			       watcher->scan_dir);
	closedir(names);
	watcher->directory.on_change = on_directory;
	watcher->directory.owner = watcher;
	watcher->again.on_due = on_again;
	watcher->again.owner = watcher;
	if (loop_directory_add(watcher->loop, &watcher->directory,
			       watcher->scan_dir) == -1)
		loop_timer_set(watcher->loop, &watcher->again,
			       loop_now_ns() + WATCH_POLL_NS);
	scan(watcher, false);
}

static int watch_names(struct watcher *watcher, char *const names[])
{
	int failed = 0;

	for (size_t i = 0; names[i]; i++) {
		char path[PATH_MAX];

		if (scan_dir_path_of(names[i], watcher->scan_dir, path,
				     sizeof(path)) == 0 &&
		    add_service(watcher, names[i], path, false))
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
	struct watcher watcher = {.scan_dir = scan_dir_find(scan_dir)};
	int letter, failed = 0;

	while ((letter = options_next_long(argc, argv, "+:j", words)) != -1) {
		if (letter != 'j')
			return COMMAND_MISUSED;
		watcher.is_json = true;
	}
	calendar_init();
	watcher.loop = loop_new();
	if (!watcher.loop)
		diag_die_errno(EXIT_SYSTEM, "unable to wait for events");
	if (argv[optind])
		failed = watch_names(&watcher, argv + optind);
	else
		watch_all(&watcher);
	if (argv[optind] && !watcher.places)
		return failed;
	if (loop_run(watcher.loop) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to wait for events");
	while (watcher.places) {
		struct place *place = watcher.places;

		watcher.places = place->next;
		free_place(place);
	}
	loop_free(watcher.loop);
	return failed;
}
