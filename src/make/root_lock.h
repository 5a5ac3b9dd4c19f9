/*
 * root_lock.h -- one at a time changes the service root.
 *
 * The lock is on the file ROOT/.lock, which only those can open who may write
 * in the root: a lock on the directory itself could be held, for ever, by
 * anybody who can read it. The file is there as long as somebody changes the
 * root.
 */
#ifndef MAKE_ROOT_LOCK_H
#define MAKE_ROOT_LOCK_H

/*
 * Waits until nobody else holds it, and says so when that takes a while; `root`
 * is for that. 0, and *lock_fd is to be given back; it is -1 where this process
 * can't write in the root, and so needs no lock. -1 with errno: EPERM, the file
 * is one of somebody who doesn't own the root.
 */
int root_lock_take(int root_fd, const char *root, int *lock_fd);
void root_lock_give(int root_fd, int *lock_fd);

#endif
