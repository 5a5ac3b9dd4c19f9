/*
 * config_row.h -- the table behind config.h: what each name has to be.
 *
 * For config.c and config_read.c alone. A name that is not in the table is the
 * user's own: it is neither looked at nor ever given a meaning.
 */
#ifndef SERVICE_CONFIG_ROW_H
#define SERVICE_CONFIG_ROW_H

#include <stddef.h>

#include "service/config.h"

enum config_kind {
	CONFIG_SCRIPT, /* an executable file */
	CONFIG_LOGGER, /* that, or a directory */
	CONFIG_FOLDER,
	CONFIG_PRESENCE, /* anything */
	CONFIG_LINE,     /* a file whose first line is a value */
};

struct config_row {
	const char *file;
	enum config_kind kind;
	/* The suite that the name is evidence of; CONFIG_DAEMONTOOLS: none. */
	enum config_dialect evidence;
	/* Of CONFIG_LINE: takes the value; false when it isn't understood. */
	bool (*take)(const struct config_row *row,
		     struct service_config *config, char *text,
		     struct strb *wrong);
	size_t offset; /* of a number's or a signal's member */
	uint32_t most; /* that a number may be */
	/* "TEXT is not `expected`; using `instead`". */
	const char *expected, *instead;
};

extern const struct config_row config_rows[CONFIG_NAME_COUNT];

#endif
