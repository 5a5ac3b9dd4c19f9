/*
 * scan_control.h -- the commands that svscan reads from .svscan/control.
 *
 * One byte is one command. svscanctl(8), svscan and the manual speak of this
 * one table.
 */
#ifndef SERVICE_SCAN_CONTROL_H
#define SERVICE_SCAN_CONTROL_H

#include <stdbool.h>

#define SCAN_DIR     ".svscan"
#define SCAN_LOCK    ".svscan/lock"
#define SCAN_CONTROL ".svscan/control"

/* svscan's exit code after SCAN_DETACH: its services run on. */
#define EXIT_DETACHED 99

/* Whether that exit code of svscan is that of a failure, after which another
 * svscan may do better. With others it means to end. */
bool scan_control_is_failure(int exit_code);

enum scan_command {
	SCAN_NOW,     /* look at the scan directory */
	SCAN_STOP,    /* an orderly stop, as on SIGTERM */
	SCAN_DETACH,  /* exit, and leave everything running */
	SCAN_UPGRADE, /* become the program that is on disk now */
	SCAN_YIELD,   /* detach, if svscanboot is gone: another one is there */
	SCAN_COMMAND_COUNT
};

struct scan_control {
	char letter;
	enum scan_command command;
	const char *name; /* for people */
};

/* The row of a letter; NULL for a byte that means nothing. */
const struct scan_control *scan_control_find(char letter);

/*
 * Opens the FIFO of the svscan of the scan directory open as `dir_fd`, to write
 * to, wherever its state is. The descriptor, or -1 with errno; ENXIO, ENOENT:
 * there is no svscan.
 */
int scan_control_open(int dir_fd);

/*
 * Sends a command to the svscan of the scan directory `dir`, without waiting.
 * True: a svscan is there, and will read it. For a caller that ignores or
 * blocks SIGPIPE, as svscan may end in this very moment.
 */
bool scan_control_send(const char *dir, enum scan_command command);

#endif
