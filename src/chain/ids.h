/*
 * ids.h -- who a program runs as: a user and its groups.
 *
 * The first group is the primary one. Whoever takes ids keeps nothing of its
 * own: neither its supplementary groups nor those of the account that are not
 * asked for.
 */
#ifndef CHAIN_IDS_H
#define CHAIN_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/env.h"

#define IDS_GROUP_COUNT_MAX 60 /* as many as runit's chpst takes */

struct ids {
	uid_t uid;
	size_t group_count; /* at least 1 */
	gid_t gids[IDS_GROUP_COUNT_MAX];
};

/*
 * Reads "USER", "USER:GROUP[:GROUP...]" or, without a look at any file,
 * ":UID:GID[:GID...]". A lone USER has the account's primary group. False, and
 * `ids` not to be used, if a name is unknown, a number is none or too large, a
 * part is empty, or there are too many groups.
 * Source: runit, chpst(8), -u.
 */
bool ids_parse(const char *text, struct ids *ids);

/* The user and the primary group of an account. False: it is unknown. */
bool ids_of_account(const char *name, struct ids *ids);

/* Sets GID and UID. 0, or -1 with ENOMEM. */
int ids_announce(const struct ids *ids, struct env *env);

/*
 * Makes them this process's. NULL, or the name of the call that failed, with
 * errno: "setgroups", "setgid" or "setuid"; those before it have had effect.
 */
const char *ids_take(const struct ids *ids);

/* The same with every group that `account` is a member of, too. */
const char *ids_take_all(const struct ids *ids, const char *account);

#endif
