/*
 * proctree.h -- the processes of a service, and what they use.
 *
 * A process is a service's if it descends from the service's process, or is in
 * its session: so what a service has put into the background counts, too. All
 * is of one moment, as far as the kernel lets it be seen.
 * (proctree_linux.c; proctree_portable.c, where nothing is known)
 */
#ifndef VIEW_PROCTREE_H
#define VIEW_PROCTREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROCESS_NAME_SIZE 16 /* bytes, with the '\0': the kernel's */

struct process {
	int64_t pid, parent_pid, session_pid;
	int64_t memory_bytes; /* resident; what is shared counts each time */
	int64_t cpu_ms;       /* and that of its children that have ended */
	char state;           /* proc(5)'s letter */
	char name[PROCESS_NAME_SIZE];
	unsigned mark; /* proctree.c's */
};

struct proctree {
	struct process *all; /* owned; by pid */
	size_t *by_parent;   /* owned: indexes */
	size_t *by_session;  /* owned: indexes */
	size_t count;
	unsigned mark;
};

struct usage {
	size_t process_count; /* 0: nothing is known */
	int64_t memory_bytes, cpu_ms;
};

/* Looks. 0, or -1 with errno; then it is as if there were no processes, and
 * there is nothing to free. */
int proctree_take(struct proctree *tree);
void proctree_free(struct proctree *tree);

/* NULL: there is none. */
const struct process *proctree_find(const struct proctree *tree, int64_t pid);

/* What the service whose process is `pid` uses. */
struct usage proctree_usage(struct proctree *tree, int64_t pid);

/*
 * Calls `take` for each process of the service, parents first, with how far
 * each is below the service's; one that is only in its session is at 1.
 */
void proctree_each(struct proctree *tree, int64_t pid,
		   void (*take)(void *owner, const struct process *process,
				unsigned depth),
		   void *owner);

/*
 * Adds all processes there are to `tree`, whose count is 0, with room made
 * by proctree_add(). 0, or -1 with errno. (proctree_linux.c)
 */
int proctree_list(struct proctree *tree);

/* For it: a place for one more, or NULL. */
struct process *proctree_add(struct proctree *tree);

#endif
