/*
 * command.h -- .svscan/control: what svscan is told to do.
 *
 * A FIFO of bytes in the scan directory, beside a lock that keeps a second
 * svscan out; see service/scan_control.h for the bytes.
 */
#ifndef ENGINE_COMMAND_H
#define ENGINE_COMMAND_H

#include "loop/loop.h"
#include "service/scan_control.h"

struct commander {
	/* Set by the owner. */
	void (*on_command)(void *owner, enum scan_command command);
	void *owner;
	/* The rest is command.c's. */
	/* Owned: the directory that .svscan is in; AT_FDCWD: the current one,
	 * as long as that can hold it. */
	int state_fd;
	int lock_fd, control_fd; /* owned; -1 when closed */
	struct loop_watch watch;
};

/*
 * Takes the lock of the current directory and listens to its control FIFO.
 * NULL, or what failed, as "unable to ...", with errno. EAGAIN for the lock:
 * another svscan has this directory. After any other failure one can go on
 * without commands.
 */
const char *commander_open(struct commander *commander, struct loop *loop);
void commander_close(struct commander *commander, struct loop *loop);

#endif
