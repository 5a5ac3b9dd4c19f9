/*
 * state_place.h -- where run-time state is whose directory can't hold it.
 *
 * "supervise" of a service directory, and ".svscan" of a scan directory, are in
 * the directory itself, or are a link there. Where neither can be made, as on a
 * read-only file system, another directory takes its place, for this alone. Its
 * path follows from that of the directory, so that supervisors and clients find
 * it without having been told: /run/holdfast/service:web stands for
 * /service/web. Where a supervisor can write only in another place, or was told
 * SUPERVISEDIR, which names what is "/run/holdfast" else, it leaves a link in
 * the usual one, if it can.
 *
 * What is in such a place is trusted as far as trust.h has it: it is made for
 * one user alone, and taken only if it belongs to that one.
 * Source: daemontools-encore, supervise(8), SUPERVISEDIR.
 */
#ifndef SERVICE_STATE_PLACE_H
#define SERVICE_STATE_PLACE_H

#include <stdbool.h>

/* For each `dir_fd` AT_FDCWD will do, too. */

/*
 * Where SUPERVISEDIR is set, and the directory has no such name yet: makes it a
 * link to its place there. What can't be done is found out later.
 */
void state_place_link(int dir_fd, const char *name);

/*
 * Makes the place of the directory open as `dir_fd`, and what is missing on the
 * way; `error` is why `name` can't be made or used in the directory itself. Its
 * descriptor, close-on-exec, in which that name leads to what it is to lead to;
 * or -1 with errno: `error`, where no place can be had, or none may: EAGAIN,
 * somebody supervises in the directory itself.
 */
int state_place_make(int dir_fd, const char *name, int error);

/*
 * For clients: the descriptor of that place, if there is one and the directory
 * itself doesn't hold `name`, or can't be written by anybody. -1 with errno:
 * ENOENT, there is none; EACCES, it isn't for this user.
 */
int state_place_find(int dir_fd, const char *name);

/*
 * For clients: what open_it(descriptor) opens in the directory or, if it isn't
 * there or has no reader (ENOENT, ENXIO), in that place. -1 with errno.
 */
int state_place_open(int dir_fd, const char *name, int (*open_it)(int dir_fd));

/* Whether nobody can write there, nor in what has that name. The rights of this
 * user make no difference. */
bool state_place_is_sealed(int dir_fd, const char *name);

/* Whether a place could be made: for those who only want to know. */
bool state_place_has_room(void);

#endif
