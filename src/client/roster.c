/* roster.c -- see roster.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/strb.h"
#include "client/roster.h"
#include "service/scan_dir.h"

static void take(struct roster_place *place, const struct look *now)
{
	const struct look before = place->look;

	place->look = *now;
	place->roster->on_change(place->roster, place, &before);
}

static void on_change(struct watch *watch)
{
	struct roster_place *place = watch->owner;
	struct look now;

	watch_look(watch, &now);
	take(place, &now);
}

/* ---- places ---- */

static struct roster_place *find_place(const struct roster *roster,
				       const char *name)
{
	struct roster_place *place = roster->places;

	while (place && strcmp(place->name, name) != 0)
		place = place->next;
	return place;
}

static void free_place(struct roster_place *place)
{
	watch_end(&place->watch);
	if (place->dir_fd != -1)
		close(place->dir_fd);
	free(place->name);
	free(place->path);
	free(place);
}

/* False with errno. `is_new`: that it is there is news. */
static bool add_place(struct roster *roster, const char *name, const char *path,
		      bool is_new)
{
	struct roster_place *place = calloc(1, sizeof(*place));
	struct look now;

	if (!place)
		return false;
	place->roster = roster;
	place->name = strdup(name);
	place->path = strdup(path);
	place->dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	place->watch.loop = roster->loop;
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
	place->next = roster->places;
	roster->places = place;
	roster->count++;
	watch_look(&place->watch, &now);
	if (is_new)
		take(place, &now);
	else
		place->look = now;
	return true;
}

/* The service, and its logger; false with errno when there is no service. */
static bool add_service(struct roster *roster, const char *name,
			const char *path, bool is_new)
{
	char log_path[PATH_MAX], log_name[PATH_MAX];
	struct strb text = strb_on(log_path, sizeof(log_path));
	struct strb label = strb_on(log_name, sizeof(log_name));

	watch_make_room(roster->count + 2);
	if (!add_place(roster, name, path, is_new))
		return false;
	strb_add_format(&text, "%s/log", path);
	strb_add_format(&label, "%s/log", name);
	if (!text.is_cut && !label.is_cut)
		add_place(roster, log_name, log_path, is_new);
	return true;
}

/* ---- the scan directory ---- */

static void drop_removed(struct roster *roster)
{
	struct roster_place **link = &roster->places;

	while (*link) {
		struct roster_place *place = *link;
		struct stat there, held;
		struct look gone = {.trouble = NULL};

		if (stat(place->path, &there) == 0 &&
		    fstat(place->dir_fd, &held) == 0 &&
		    there.st_ino == held.st_ino &&
		    there.st_dev == held.st_dev) {
			link = &place->next;
			continue;
		}
		*link = place->next;
		roster->count--;
		take(place, &gone);
		free_place(place);
	}
}

static void scan(struct roster *roster, bool is_new)
{
	DIR *names = opendir(roster->scan_dir);
	struct dirent *entry;

	drop_removed(roster);
	while (names && (entry = readdir(names))) {
		char path[PATH_MAX];
		struct strb text = strb_on(path, sizeof(path));

		strb_add_format(&text, "%s/%s", roster->scan_dir,
				entry->d_name);
		if (entry->d_name[0] != '.' && !text.is_cut &&
		    !find_place(roster, entry->d_name))
			add_service(roster, entry->d_name, path, is_new);
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
	struct roster *roster = again->owner;

	scan(roster, true);
	loop_timer_set(roster->loop, again, loop_now_ns() + WATCH_POLL_NS);
}

int roster_watch_all(struct roster *roster)
{
	DIR *names = opendir(roster->scan_dir);

	if (!names)
		return -1;
	closedir(names);
	roster->directory.on_change = on_directory;
	roster->directory.owner = roster;
	roster->again.on_due = on_again;
	roster->again.owner = roster;
	if (loop_directory_add(roster->loop, &roster->directory,
			       roster->scan_dir) == -1)
		loop_timer_set(roster->loop, &roster->again,
			       loop_now_ns() + WATCH_POLL_NS);
	scan(roster, false);
	return 0;
}

int roster_watch(struct roster *roster, const char *name)
{
	char path[PATH_MAX];

	if (scan_dir_path_of(name, roster->scan_dir, path, sizeof(path)) == -1)
		return -1;
	return add_service(roster, name, path, false) ? 0 : -1;
}

void roster_end(struct roster *roster)
{
	while (roster->places) {
		struct roster_place *place = roster->places;

		roster->places = place->next;
		free_place(place);
	}
	roster->count = 0;
	loop_directory_remove(roster->loop, &roster->directory);
	loop_timer_cancel(roster->loop, &roster->again);
}
