/*
 * durable.h -- bringing a file to disk, also where the disk failed meanwhile.
 *
 * When fsync(2) fails, the kernel has given up what it couldn't write: it
 * counts as written from then on, the next fsync succeeds, and it was never on
 * disk. What a file holds is still known, as long as the kernel keeps it in
 * memory; so it is written over itself before the next try. A directory can't
 * be.
 */
#ifndef LOG_DURABLE_H
#define LOG_DURABLE_H

/*
 * Brings the file `name` in `dir_fd`, which nobody else writes to, to disk;
 * `fd` is open on it. `path` is the directory in messages. 0; or -1 when it
 * gave up, as trouble.h has it.
 */
int durable_file(int dir_fd, const char *path, const char *name, int fd);

#endif
