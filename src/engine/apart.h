/*
 * apart.h -- services that are hosted by processes of their own, as whoever
 * touches their directories may have to wait for ever (see remote.h).
 *
 * Each is this very program, on a leash (leash.h), with one directory and its
 * log (alone.h). A hanging file system stops that process, and nobody else. It
 * is started again when it ends, as long as its name is there. Whoever follows
 * this supervisor has processes of its own, which adopt what they find.
 *
 * What needs such a service waits until that is ready; it waits for nobody
 * itself.
 */
#ifndef ENGINE_APART_H
#define ENGINE_APART_H

#include <stdbool.h>

#include "engine/spawn.h"
#include "loop/loop.h"
#include "service/graph.h"

struct apart;

struct aparts {
	/* Set by the owner. */
	struct loop *loop;
	struct spawner *spawner;
	const char *called_as; /* what processes are to see as our name */
	void (*on_facts)(void *owner, const char *name,
			 const struct graph_facts *facts);
	void (*on_gone)(void *owner); /* one of them, or it was left */
	void *owner;
	/* The rest is apart.c's. */
	struct apart *first;
	bool is_stopping;
};

/* Has the service hosted, if it isn't; `scan` counts scans, and `place` is
 * where the file system is mounted. 0, or -1 with errno. */
int apart_host(struct aparts *aparts, const char *name, const char *place,
	       unsigned scan);

/* It is to be hosted by us: true while it can't be yet, as its process is
 * there.
 */
bool apart_take_back(struct aparts *aparts, const char *name);

bool apart_has(const struct aparts *aparts, const char *name);

/* After a scan: those that it didn't meet go on until they end, or are ended.
 */
void apart_sweep(struct aparts *aparts, unsigned scan, bool is_to_end);

/* Tells how each stands, again. */
void apart_tell_all(const struct aparts *aparts);

/* An orderly stop; of those that answer, all are waited for. */
void apart_stop_all(struct aparts *aparts);
bool apart_is_any(const struct aparts *aparts);

/* They leave what they host running, and end. */
void apart_free_all(struct aparts *aparts);

#endif
