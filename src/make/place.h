/*
 * place.h -- where services are kept, and how they get into the scan directory.
 *
 * A service is kept in the service root, as ROOT/NAME, and supervised as long
 * as a link SCANDIR/NAME leads there. A link is made and removed in one step,
 * so a supervisor sees all of a service or nothing.
 */
#ifndef MAKE_PLACE_H
#define MAKE_PLACE_H

#include <limits.h>
#include <stdbool.h>

struct place {
	const char *scan_dir; /* borrowed */
	char root[PATH_MAX];  /* absolute */
	int scan_fd, root_fd; /* owned; -1: not open */
	int lock_fd;          /* see root_lock.h; -1: not held */
};

/*
 * Finds both: `scan_dir` is as scan_dir_find() gives it. The root is `root`, or
 * if that is NULL, SVROOT, or for the system's scan directories /etc/sv if it
 * is there, as runit has it, or else /etc/holdfast; for any other SCANDIR it is
 * SCANDIR-available. 0, or -1 with errno: the path is too long, or the scan
 * directory isn't there. Opens nothing; place_close() is not needed.
 */
int place_find(struct place *place, const char *scan_dir, const char *root);

/* Says on standard error why place_find() failed, by errno, and what to do. */
void place_say_missing(const char *scan_dir);

/*
 * Opens both, and holds a lock on the root against others that change it. The
 * root is made, if need be, where `makes_root`. 0, or -1 after saying why not.
 */
int place_open(struct place *place, bool makes_root);
void place_close(struct place *place);

/* Lets others change the root for a while, and keeps them out again: 0, or -1
 * after saying why not. */
void place_unlock(struct place *place);
int place_lock(struct place *place);

/* Whether that can be the name of a service, and how it is to be said that it
 * can't: static, or NULL. */
const char *place_name_trouble(const char *name);

/* What SCANDIR/NAME is. */
enum place_entry {
	PLACE_NONE,
	PLACE_LINK,      /* to the directory in the root, or another one */
	PLACE_DIRECTORY, /* kept in the scan directory itself */
	PLACE_OTHER,     /* nothing that could be a service */
};
enum place_entry place_look(const struct place *place, const char *name);

/*
 * Links `target`, a path, into the scan directory as `name`, on disk when it
 * returns. 0, or -1 with errno: EEXIST.
 */
int place_link(const struct place *place, const char *name, const char *target);

#endif
