/*
 * death.h -- how orphans ended, told by svscanboot to svscan through a pipe.
 *
 * When svscan is killed, its services become children of svscanboot, which is
 * then the only one to learn how they end. Each end is one record in a pipe
 * whose two ends svscanboot keeps open, so what it tells while no svscan runs
 * waits there for the next one. A full pipe loses its oldest records.
 */
#ifndef SERVICE_DEATH_H
#define SERVICE_DEATH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The variable that tells svscan the number of the pipe's read end; it never
 * reaches a service. */
#define DEATH_VARIABLE "HOLDFAST_DEATHS"

struct death {
	int64_t pid;
	int64_t start_ticks; /* identity.h's; -1: unknown */
	int64_t status;      /* as wait(2) gives it */
};

/* Tells of a death. `read_fd` is the other end, to make room; both must be
 * non-blocking. */
void death_tell(int write_fd, int read_fd, const struct death *death);

/* Takes the next record; false when there is none now. */
bool death_take(int read_fd, struct death *death);

#endif
