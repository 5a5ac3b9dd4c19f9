/*
 * supervise_dir.h -- the directory "supervise" inside a service directory:
 * its files, its lock and its FIFOs.
 *
 * Everything is reached through a descriptor of the service directory, so
 * that renames don't matter. "supervise" itself may be a link to elsewhere; the
 * files in it may not, so nothing outside is ever written.
 * Source of names and modes: the 0.76 specification, 5.1 and 5.4.
 */
#ifndef SERVICE_SUPERVISE_DIR_H
#define SERVICE_SUPERVISE_DIR_H

#include <stdbool.h>
#include <sys/stat.h>

#define SUPERVISE_DIR     "supervise"
#define SUPERVISE_LOCK    "supervise/lock"
#define SUPERVISE_CONTROL "supervise/control"
#define SUPERVISE_OK      "supervise/ok"
#define SUPERVISE_STATUS  "supervise/status"
#define SUPERVISE_STATE   "supervise/state"
#define SUPERVISE_PIPE    "supervise/pipe"
#define SUPERVISE_READY   "supervise/ready"
#define SUPERVISE_LOCK_FD "supervise/lock-fd"
#define SUPERVISE_SOCKET  "supervise/notify-socket"

/* Makes a directory, and those above it that are missing, with the usual mode.
 * 0, or -1 with errno: EEXIST, it is there. */
int supervise_dir_make_path(int dir_fd, const char *path, unsigned mode);

/* Makes "supervise", or the directory that a dangling link of that name points
 * to, and what is missing on the way there. True: it did, so nothing is on
 * record there. False with errno: 0, it is there; or why it can't be made. */
bool supervise_dir_make(int dir_fd);
/* The same of another name. */
bool supervise_dir_make_named(int dir_fd, const char *name);

/*
 * Takes the lock, with flock(2) as daemontools and runit do and with fcntl(2)
 * as s6 does, without waiting. Returns the descriptor, close-on-exec, which
 * holds it; or -1 with errno (EAGAIN: somebody else supervises here).
 */
int supervise_dir_lock(int dir_fd);
/* The same with a lock file of another name. */
int supervise_dir_lock_file(int dir_fd, const char *name);

/*
 * Makes the FIFO `name` with `mode` if it isn't there and opens it for reading
 * and writing, so that it never sees an end of file; non-blocking,
 * close-on-exec. A file or link that has taken its name is removed; nothing
 * but FIFOs belongs there. The descriptor, or -1 with errno (EISDIR: a
 * directory has the name).
 */
int supervise_dir_open_fifo(int dir_fd, const char *name, unsigned mode);

/*
 * Of a FIFO that is open as `held_fd`, and that somebody may have taken away:
 * `held_fd`, if `name` still is that one, or no other can be had. Otherwise
 * that is closed, and the result is a new one, as supervise_dir_open_fifo()
 * makes it.
 */
int supervise_dir_renew_fifo(int dir_fd, const char *name, unsigned mode,
			     int held_fd);

/* As supervise_dir_open_fifo(), for reading only. */
int supervise_dir_read_fifo(int dir_fd, const char *name, unsigned mode);

/* The same for "control", which needs no more room than a page. */
int supervise_dir_open_control(int dir_fd);

/*
 * Who may search the directory "supervise", as `dir` says, may also ask whether
 * there is a supervisor; who may command it is said by `control`. Returns the
 * mode of an "ok" that lets all of the former ask and lets nobody command, in
 * the group of the directory; 0: `control` lets them, or they are none.
 */
mode_t supervise_dir_ok_mode(const struct stat *dir,
			     const struct stat *control);

/*
 * Makes "ok" another name of the FIFO "control", which is open as `control_fd`:
 * both have a reader exactly while there is a supervisor. Where that can't be,
 * or others may ask than may command (supervise_dir_ok_mode()), it becomes a
 * FIFO of its own, and *ok_fd the descriptor that reads it (otherwise -1). 0,
 * or -1 with errno (EISDIR: a directory has the name).
 */
int supervise_dir_make_ok(int dir_fd, int control_fd, int *ok_fd);

#endif
