/*
 * maker.h -- putting a planned service in place: what sv add and sv import
 * share.
 */
#ifndef CMD_SV_MAKER_H
#define CMD_SV_MAKER_H

#include <limits.h>
#include <stdbool.h>

#include "make/place.h"
#include "make/plan.h"

struct maker {
	const char *scan_dir; /* of sv -d, or NULL */
	const char *root;     /* of --into, or NULL */
	bool is_dry;          /* only show what would be made */
	bool is_disabled;     /* don't link it into the scan directory */
	bool has_no_log;
	const char *log_user; /* NULL: find one; "": as the supervisor */

	/* maker.c's */
	struct place place;
	char folder_room[PATH_MAX];
	const char *folder; /* for plans: see tools.h */
};

/* Finds where things go, and opens it unless that is a dry run. 0, or -1 after
 * saying why not. maker_end() in both cases. */
int maker_begin(struct maker *maker);
void maker_end(struct maker *maker);

/*
 * Makes the service `name`, and lets supervisors see it, as the options say;
 * `plan` gets its log. Tells what it did. 0, or -1 after saying why not: then
 * supervisors see nothing of it.
 */
int maker_add(struct maker *maker, const char *name, struct plan *plan);

#endif
