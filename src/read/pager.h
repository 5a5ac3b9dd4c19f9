/*
 * pager.h -- showing much text on a terminal, a page at a time.
 *
 * As git does it: $PAGER, or less, gets the text; LESS is set to FRX unless it
 * is set, so that less(1) ends at once when all fits, and shows colours.
 */
#ifndef READ_PAGER_H
#define READ_PAGER_H

#include <stdbool.h>
#include <sys/types.h>

struct pager {
	pid_t pid; /* 0: none runs */
	int fd;    /* owned: where to write; or standard output's number */
	const char *command; /* borrowed; while one runs */
};

/*
 * Starts the pager, and has this process ignore what ends only that one: INT
 * and PIPE. Where PAGER is empty or "cat", or nothing can be started, the text
 * goes to standard output.
 */
void pager_open(struct pager *pager);

/*
 * Waits until the user has left the pager, however it ends. False, after saying
 * so, only if there is no such program: then nobody has seen anything.
 */
bool pager_close(struct pager *pager);

#endif
