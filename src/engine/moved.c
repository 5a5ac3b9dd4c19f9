/* moved.c -- see moved.h. */
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/strb.h"
#include "engine/moved.h"

#define LOOK_NS INT64_C(5000000000)

static void on_again(struct loop_timer *again)
{
	moved_watch(again->owner);
}

static void on_change(struct loop_directory *place,
		      enum directory_change change, const char *name)
{
	(void)change;
	(void)name;
	moved_watch(place->owner);
}

/* Cuts the last name off, and what separates it from the others. */
static void cut_name(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash)
		slash[slash == path] = '\0';
}

/* `path` becomes what the link of that name says; false: it is none. */
static bool follow_link(char path[PATH_MAX])
{
	char target[PATH_MAX], room[PATH_MAX];
	struct strb text = strb_on(room, sizeof(room));
	ssize_t len = readlink(path, target, sizeof(target) - 1);

	if (len <= 0)
		return false;
	target[len] = '\0';
	if (target[0] != '/') {
		cut_name(path);
		strb_add_format(&text, "%s/", path);
	}
	strb_add(&text, target);
	memcpy(path, room, text.len + 1);
	return !text.is_cut;
}

static bool has_moved(const struct moved *moved)
{
	struct stat named, current;

	return stat(moved->path, &named) == 0 && S_ISDIR(named.st_mode) &&
	       stat(".", &current) == 0 &&
	       (named.st_dev != current.st_dev ||
		named.st_ino != current.st_ino);
}

/* False: somewhere it can't be watched. */
static bool watch_places(struct moved *moved)
{
	char path[PATH_MAX], place[PATH_MAX];
	struct strb text = strb_on(path, sizeof(path));
	bool is_link = true;

	strb_add(&text, moved->path);
	for (int i = 0; is_link && i < MOVED_LINKS_MOST; i++) {
		memcpy(place, path, sizeof(place));
		cut_name(place);
		moved->places[i].on_change = on_change;
		moved->places[i].owner = moved;
		if (loop_directory_add(moved->loop, &moved->places[i], place) ==
		    -1)
			return false;
		is_link = follow_link(path);
	}
	return !is_link;
}

void moved_watch(struct moved *moved)
{
	moved_end(moved);
	if (!watch_places(moved)) {
		moved->again.on_due = on_again;
		moved->again.owner = moved;
		loop_timer_set(moved->loop, &moved->again,
			       loop_now_ns() + LOOK_NS);
	}
	if (has_moved(moved))
		moved->on_move(moved->owner);
}

void moved_end(struct moved *moved)
{
	loop_timer_cancel(moved->loop, &moved->again);
	for (int i = 0; i < MOVED_LINKS_MOST; i++)
		loop_directory_remove(moved->loop, &moved->places[i]);
}
