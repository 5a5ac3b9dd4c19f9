/*
 * control.h -- sv's commands: sending them to services, and telling what came
 * of them.
 */
#ifndef CMD_SV_CONTROL_H
#define CMD_SV_CONTROL_H

#include <stddef.h>
#include <stdint.h>

#include "cmd/sv/order.h"

struct control_request {
	const struct order *order;
	char *const *names;   /* of services */
	size_t count;         /* of names */
	const char *scan_dir; /* where those are that aren't paths */
	bool waits;           /* also for what wouldn't be waited for */
	int64_t timeout_ns;
};

/*
 * Carries the order out on all services, and reports as runit's sv does. What
 * is wrong with one keeps no other from being done. Returns how many it went
 * wrong for, or -1 with errno when nothing could be done at all.
 */
int control_services(const struct control_request *request);

/* What status tells, also by an exit code. */
enum control_status {
	CONTROL_IS_UP,
	CONTROL_IS_DOWN,
	CONTROL_IS_UNKNOWN, /* its files don't tell */
	CONTROL_IS_NONE,    /* nobody supervises it, or there is none */
};

/* Prints the line of the service, and of its log, if it has one. The log's
 * state never counts for that of the service. */
enum control_status control_show(const char *name, const char *scan_dir);

#endif
