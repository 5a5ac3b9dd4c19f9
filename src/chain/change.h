/*
 * change.h -- all that a chain loader can change, and in which order.
 *
 * The order is fixed, whatever order it was asked for in, and is that of
 * runit's chpst: what needs privileges comes before the user id, and what must
 * not use them after it. A lock, and a file that is redirected to, is opened as
 * the new user; a limit counts only from there on, so it hinders nothing here.
 *
 *     variables from files, root, directory, umask, niceness, disk priority,
 *     OOM score, output, user and groups, ids as variables, lock, limits,
 * redirections, session, no new privileges, 0, 1 and 2 closed
 *
 * Source: runit, chpst(8), and experiments with it.
 */
#ifndef CHAIN_CHANGE_H
#define CHAIN_CHANGE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/env.h"
#include "chain/favour.h"
#include "chain/limits.h"
#include "chain/redirect.h"

struct change_limit {
	char letter; /* of limits_set() */
	struct limit limit;
};

/* All zeros changes nothing. Pointers are borrowed; NULL: leave it. */
struct change {
	const char *env_dir;
	/* Told of each directory in env_dir; NULL: one is trouble. */
	void (*pass_over)(const char *path, const char *name);
	const char *root; /* the new working directory, too */
	const char *dir;  /* seen from the new root */
	/* Read after env_dir, one by one; after a '-', one that isn't there is
	 * passed over. */
	const char *const *env_files;
	size_t env_file_count;
	bool has_umask, has_niceness, has_io, has_oom_score;
	unsigned umask;
	int64_t niceness; /* added to what there is */
	struct io_priority io;
	int64_t oom_score;
	const char *user;     /* as ids_parse() reads it, in the new root */
	bool has_all_groups;  /* those the account is a member of, too */
	bool gives_output;    /* see output.h; to the first group */
	const char *env_user; /* likewise, for GID and UID */
	bool is_account;      /* both are plain names of accounts */
	const char *lock;
	bool is_lock_waiting;
	const struct change_limit *limits; /* set one by one */
	size_t limit_count;
	const struct redirect *redirects;
	size_t redirect_count;
	bool is_session; /* lead one, if not yet a group's leader */
	bool refuses_privileges;
	bool is_closed[3];
};

struct change_trouble {
	char text[PATH_MAX + NAME_MAX]; /* "unable to ..." */
	int error;                      /* of errno; 0: the text says it all */
	bool is_lock;
};

/*
 * Does all that, the variables in `env`. 0, or -1: then `trouble` is filled in,
 * and what comes earlier in the order has been done.
 */
int change_apply(const struct change *change, struct env *env,
		 struct change_trouble *trouble);

#endif
