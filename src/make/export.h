/*
 * export.h -- a service directory as what another init system reads.
 *
 * What is written runs the directory's own scripts, where they are: user,
 * variables and limits stay in them. What supervision adds, and maps, is said
 * in the other system's words; what does not map is told of, file by file.
 * Source: systemd.service(5), systemd.kill(5); openrc-run(8),
 * supervise-daemon(8).
 */
#ifndef MAKE_EXPORT_H
#define MAKE_EXPORT_H

#include <stdio.h>

#include "make/list.h"
#include "service/config.h"
#include "service/graph.h"

struct export
{
	const char *name; /* of the service; borrowed */
	const char *dir;  /* its directory, absolute; borrowed */
	FILE *out;        /* borrowed */
	/* Told of each file that isn't carried over. */
	void (*tell)(void *with, const char *file, const char *why,
		     const char *advice);
	void *with;
	struct service_config config;        /* export.c's, as the rest */
	struct list edges[GRAPH_KIND_COUNT]; /* names, sorted */
};

/*
 * Reads the service directory open as `dir_fd`: fills in what is export.c's.
 * NULL; or what is wrong, static, with errno if that isn't 0. export_free() in
 * both cases.
 */
const char *export_read(struct export *export, int dir_fd);
void export_free(struct export *export);

/* Whether there is no run, but a start. */
bool export_is_oneshot(const struct export *export);

/* Writes a unit. */
void export_systemd(const struct export *export);

/* Writes a script for openrc-run. */
void export_openrc(const struct export *export);

#endif
