/*
 * self.h -- what a process asks the system about itself, where systems differ.
 *
 * self_linux.c and self_portable.c offer the same; the build takes one.
 */
#ifndef BASE_SELF_H
#define BASE_SELF_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Makes this process the parent of all orphans among its descendants, as
 * process 1 is without being asked. 0, or -1 with errno: ENOSYS where only
 * process 1 can be that.
 */
int self_adopt_orphans(void);

/*
 * Has the system send `signal_number` to this process when its parent, whose
 * pid is `parent_pid`, ends; also if it has ended meanwhile. It survives an
 * exec. 0, or -1 with errno: ENOSYS where the system can't.
 */
int self_end_with(pid_t parent_pid, int signal_number);

/*
 * Writes the folder that holds the running program, absolute and without a
 * last slash. 0, or -1 with errno: ENOSYS where the system does not tell,
 * ENAMETOOLONG when `size_bytes` are too few; `out` is then not to be used.
 */
int self_folder(char *out, size_t size_bytes);

/* Marks every open descriptor from `first_fd` on close-on-exec. */
void self_close_on_exec_from(int first_fd);

/* Closes every open descriptor from `first_fd` on. */
void self_close_from(int first_fd);

/*
 * Writes the path by which the directory open as `fd` can be reached now. 0, or
 * -1 with errno: ENOSYS and ENAMETOOLONG as above.
 */
int self_path_of(int fd, char *out, size_t size_bytes);

#endif
