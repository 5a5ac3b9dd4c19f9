/*
 * site.h -- where a service lives: what its owner gave it, and what its
 * directory says.
 *
 * What all its parts stand on, and the one way in which they speak: a part
 * reports what happened by tell(), and whoever holds the parts decides, and
 * calls them. They don't call one another.
 */
#ifndef ENGINE_SITE_H
#define ENGINE_SITE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/happening.h"
#include "engine/spawn.h"
#include "loop/loop.h"

struct aside;
struct keeper;
struct kept;
struct service_config;
struct standing;

struct site {
	/* Set by the owner before service_open(), and kept by it. */
	struct loop *loop;
	struct spawner *spawner;
	const char *name; /* for messages; may be replaced at any time */
	int dir_fd;       /* the service directory */
	/* The directory that supervise/ is in: the same, or the one that stands
	 * for it, see state_place.h. */
	int state_fd;
	int home_fd;      /* where its scripts are, and run */
	int input_dir_fd; /* a logger: state_fd of its service; else -1 */
	/* Its owner sets may_have_changed when a name in the directory came or
	 * went; else nobody tells, and it is looked at each time. */
	bool is_watched;
	bool may_have_changed;
	bool has_output_pipe; /* its output goes to its supervise/pipe */
	/* What keeps that pipe from being without a reader, should this process
	 * and the logger die; NULL: nothing does. Borrowed. */
	const struct kept *output;
	struct keeper *keeper; /* see keeper.h; NULL: there is none */
	bool has_own_output;   /* see spawner_keep_output() */
	bool is_main; /* its end is that of all, though no file says so */
	/* A logger that is the file "log" of its service, and runs there. */
	bool is_inline;

	/* The rest is that of the service. */
	bool is_hosted;
	bool is_down_wanted;  /* there is a file "down" */
	bool is_scope_missed; /* there is no cgroup for it, and it was said */
	bool is_socket_open;  /* others can take its name, and it was said */
	int lock_fd;          /* owned; -1 when closed */
	/* What the script of its process waits for to be loaded: where a file
	 * system is mounted, or a file. NULL: it is. */
	const char *hangs_at;
	uint32_t troubles_said;          /* see rules.c */
	struct service_config *config;   /* owned; see rules.h */
	struct aside *asides;            /* that run here: see aside.h */
	const struct standing *standing; /* for its parts to look at */
	void (*tell)(struct site *site, const struct happening *happening);
};

/* home_fd for a plan of spawn.h. */
static inline int site_home(const struct site *site)
{
	return site->home_fd == site->state_fd ? -1 : site->home_fd;
}

#endif
