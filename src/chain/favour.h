/*
 * favour.h -- how a process fares against others, where systems differ.
 *
 * favour_linux.c and favour_portable.c offer the same; the build takes one.
 */
#ifndef CHAIN_FAVOUR_H
#define CHAIN_FAVOUR_H

#include <stdint.h>

/* How the kernel orders requests to disks; the numbers are Linux's. */
enum io_class { IO_REALTIME = 1, IO_BEST_EFFORT = 2, IO_IDLE = 3 };

struct io_priority {
	enum io_class class;
	unsigned level; /* 0, the first, to 7; 0 in IO_IDLE */
};

/*
 * Reads "idle", "best-effort[:LEVEL]" or "realtime[:LEVEL]"; LEVEL is 4 unless
 * given. 0, or -1 with EINVAL.
 */
int favour_parse_io(const char *text, struct io_priority *priority);

/* Sets it. 0, or -1 with errno: ENOSYS where the system has no such thing. */
int favour_set_io(const struct io_priority *priority);

/*
 * From now on no exec gives this process or its children more privileges. 0, or
 * -1 with errno as above.
 */
int favour_refuse_privileges(void);

#endif
