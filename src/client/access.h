/*
 * access.h -- who may see how a service is, and who may control it.
 *
 * That is said by the modes and groups in "supervise", and nowhere else: who
 * may search the directory sees, who may write "control" commands. Nobody but
 * its owner is ever given leave to write in the directory, to read a FIFO or to
 * open the lock, so none of them can be replaced, emptied or held.
 */
#ifndef CLIENT_ACCESS_H
#define CLIENT_ACCESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/problem.h"

/* Besides the owner, and root. */
enum access_whom {
	ACCESS_NOBODY,
	ACCESS_GROUP,
	ACCESS_EVERYBODY,
};

struct access {
	uid_t uid;    /* the owner */
	dev_t device; /* which directory this is said of */
	ino_t inode;
	enum access_whom sees, controls;
	gid_t seeing_gid;      /* of ACCESS_GROUP */
	gid_t controlling_gid; /* the same; mostly the same group */
};

/* Reads what is so in the service directory open as `dir_fd`. 0, or -1 with
 * errno: ENOENT, nobody has supervised it yet; EACCES. */
int access_read(int dir_fd, struct access *access);

/*
 * Makes it so of the very directory that access_read() has read; `uid` doesn't
 * count, and everybody never controls. Whoever owns the service directory, and
 * puts links or other directories in the place of "supervise", gets nothing
 * changed outside of it. A supervisor that runs is told, and waited for if need
 * be. 0, or -1 with what is in the way, in which the service isn't named.
 * Nobody has got more than was asked for then.
 */
int access_change(int dir_fd, const struct access *wanted,
		  struct problem *problem);

/*
 * As look_open_log(), for what is to be changed: a link is followed only in a
 * directory in which nobody else can have made it. -1 with errno: ELOOP, it is
 * a link that may be somebody else's.
 */
int access_open_log(int dir_fd);

#endif
