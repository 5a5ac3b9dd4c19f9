/*
 * roster.h -- being told of every change of many services: those named, or all
 * of a scan directory, as they come and go; and of their loggers.
 *
 * A service is subscribed to before it is looked at, so no change is missed
 * that comes after its first look.
 */
#ifndef CLIENT_ROSTER_H
#define CLIENT_ROSTER_H

#include "client/watch.h"

/* A service, or the logger of one, which is called SERVICE/log. */
struct roster_place {
	char *name, *path; /* owned */
	int dir_fd;        /* owned */
	struct look look;  /* the latest */

	/* The rest is roster.c's. */
	struct roster *roster;
	struct watch watch;
	struct roster_place *next;
};

struct roster {
	/* Set by the owner, and kept by it. */
	struct loop *loop;
	const char *scan_dir;
	/* A place looks other than `before`, which is all zeros for one that
	 * has come. One that goes is told of with a look of all zeros. */
	void (*on_change)(struct roster *roster,
			  const struct roster_place *place,
			  const struct look *before);
	void *owner;

	/* The rest is roster.c's. */
	struct roster_place *places;
	size_t count;
	struct loop_directory directory;
	struct loop_timer again; /* where there are no events of it */
};

/* Looks at all services, and goes on with those that come. 0, or -1 with errno:
 * the scan directory can't be read. No callback comes before the loop runs. */
int roster_watch_all(struct roster *roster);

/* Looks at one service; what scan_dir_path_of() makes of the name. 0, or -1
 * with errno. */
int roster_watch(struct roster *roster, const char *name);

/* No more callbacks. */
void roster_end(struct roster *roster);

#endif
