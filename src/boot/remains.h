/*
 * remains.h -- the processes below this one that nobody supervises any more.
 *
 * Below this one are its children, theirs, and so on; as orphans come to it,
 * that is all that was ever started here. What others have started in the same
 * pid namespace, an engine's exec or another container of a pod, is not.
 *
 * remains_linux.c and remains_portable.c offer the same; the build takes one.
 * Where the system doesn't tell, there are none.
 */
#ifndef BOOT_REMAINS_H
#define BOOT_REMAINS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/strb.h"

/* Those that are left alone; what is below `whole` ones is, too. */
struct spared {
	const pid_t *whole;
	size_t whole_count;
	pid_t alone; /* 0: none */
};

/*
 * Sends signals to each process that isn't spared, first `first` and then
 * `second`, each unless it is 0; and adds "NAME in DIRECTORY (pid NUMBER)" of
 * each to `names`, unless that is NULL. Returns how many there are.
 */
size_t remains_signal(const struct spared *spared, int first, int second,
		      struct strb *names);

#endif
