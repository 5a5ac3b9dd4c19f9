/*
 * scanning.h -- a process that supervises a scan directory: what svscan and
 * runsvdir share. They differ in what signals mean, and in what becomes of a
 * service whose name is gone.
 */
#ifndef ENGINE_SCANNING_H
#define ENGINE_SCANNING_H

#include <stdbool.h>

#include "service/scan_control.h"

struct scanning_rules {
	enum scan_command on_term, on_hangup; /* on_term: for INT, too */
	int stopped_code, detached_code;      /* what to exit with */
	/* A service whose name is gone is ended, and its log after it; else
	 * both are supervised until told otherwise. */
	bool stops_removed;
	/* The name of the scan directory may come to lead elsewhere: then that
	 * is the scan directory. Without it, it stays what it was. */
	bool follows_name;
};

/*
 * Supervises the scan directory `folder`, NULL for the current one, until it is
 * told to end; says what is wrong. `log_name` is the log service (see
 * log_service.h), NULL for none. `called_as` is argv[0]; all are borrowed for
 * good, and `folder` is absolute where the name is followed. Returns the exit
 * code.
 */
int scanning_run(const struct scanning_rules *rules, const char *called_as,
		 char *folder, char *log_name);

#endif
