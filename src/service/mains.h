/*
 * mains.h -- the services that a container is there for, as svscanboot was told
 * and tells svscan: their ends are the end of all, as if each had a file
 * "on-exit".
 *
 * The variable holds "any:" or "all:" and names with commas between them: all
 * ends with the first of them that has ended for good, or with the last.
 */
#ifndef SERVICE_MAINS_H
#define SERVICE_MAINS_H

#include <stdbool.h>
#include <stddef.h>

/* It reaches no service. */
#define MAINS_VARIABLE "HOLDFAST_MAINS"

struct mains {
	char *value;       /* owned: of the variable; NULL: there are none */
	const char *names; /* in it: "web,db" */
	bool needs_all;
};

/* Takes the variable, and removes it. Without memory there are none. */
void mains_take(struct mains *mains);
void mains_free(struct mains *mains);

/* The next program, of an upgrade, gets it (`keep`), or it is removed again. */
void mains_hand_down(const struct mains *mains, bool keep);

/*
 * The next name of a list that begins at *at, which is moved: its `len` bytes,
 * or NULL at the end.
 */
const char *mains_next(const char **at, size_t *len);

/* Whether `name` is one of them. */
bool mains_has(const struct mains *mains, const char *name);

#endif
