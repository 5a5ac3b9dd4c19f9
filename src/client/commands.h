/*
 * commands.h -- writing command bytes to whoever supervises a directory.
 *
 * A command reaches a supervisor or nobody: what isn't its FIFO isn't opened.
 * See service/control.h for the bytes.
 */
#ifndef CLIENT_COMMANDS_H
#define CLIENT_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A supervisor that was stopped reads nothing: it isn't waited for longer. */
#define COMMANDS_TIMEOUT_MS 5000

/*
 * Opens supervise/control of the service directory open as `dir_fd`. The
 * descriptor, which the caller closes, or -1 with errno; ENXIO: there is no
 * supervisor, or no FIFO.
 */
int commands_open(int dir_fd);

/*
 * Writes all letters at once, so that another client's can't come between. 0,
 * or -1 with errno: ETIMEDOUT when there was no room for COMMANDS_TIMEOUT_MS.
 * SIGPIPE must be ignored or blocked.
 */
int commands_write(int control_fd, const char *letters, size_t count);

/*
 * What a client has the patience for in all, in nanoseconds, to begin with.
 * Where no supervisor is left it lasts fifty times as long: the next one is on
 * its way.
 */
#define COMMANDS_PATIENCE_NS INT64_C(100000000)

/*
 * Waits until all bytes were read, for as long as there is patience left; what
 * that took is taken from *patience_ns. Whether they were; true also where the
 * system doesn't tell.
 */
bool commands_were_read(int control_fd, int64_t *patience_ns);

/*
 * Closes what commands_open() gave, once the bytes in it were obeyed: with its
 * last writer would go what a supervisor that is killed leaves to the next.
 * Takes what that took from *patience_ns; doesn't wait when there is none left.
 */
void commands_close(int control_fd, int64_t *patience_ns);

#endif
