/*
 * upgrade.h -- becoming the program that is on disk now, with the same pid and
 * the same children.
 *
 * The new program takes everything over as after a crash. Only FIFOs and
 * sockets are handed down: a service must not meet a pipe without a reader, and
 * what was written, a command or a message, must not vanish with its last
 * reader.
 */
#ifndef ENGINE_UPGRADE_H
#define ENGINE_UPGRADE_H

#include <limits.h>

#include "engine/log_service.h"
#include "engine/scan.h"

struct upgrade {
	char program[PATH_MAX]; /* what to run; "" when it can't be known */
	char *folder;           /* borrowed: the operand, or NULL */
	char *log_name;         /* borrowed: the second one, or NULL */
	char *inherited;        /* owned: descriptors from before, as a list; or
				 * NULL: this isn't an upgrade */
};

/*
 * Notes which program this is, as `called_as`, argv[0], says it, while the
 * current directory is still the one that it counts from, and which descriptors
 * an earlier one handed down. An upgraded program is in its directory,
 * `folder`, already. `folder` and the log
 * service, `log_name`, either may be NULL, are borrowed for good.
 */
void upgrade_begin(struct upgrade *upgrade, const char *called_as, char *folder,
		   char *log_name);

/* Sockets among it come back to their services. */
void upgrade_take_sockets(struct upgrade *upgrade, struct keeper *keeper);

/* Closes what else was handed down, once the FIFOs are open again. */
void upgrade_settle(struct upgrade *upgrade);

/*
 * Becomes the program on disk. `control_fd`, svscan's own FIFO, is handed down
 * too. Returns only on failure, with errno; then everything is as it was.
 */
void upgrade_run(struct upgrade *upgrade, struct spawner *spawner,
		 const struct scanner *scanner, const struct log_service *log,
		 int control_fd, const struct obituaries *obituaries,
		 struct keeper *keeper);

#endif
