/* ids.c -- see ids.h. */
#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/number.h"
#include "base/strb.h"
#include "chain/ids.h"

/* The largest number means "no change" to the calls that take ids. */
#define ID_MAX (UINT32_MAX - 1)
/* Bytes of a name or number; names are far shorter. */
#define PART_SIZE 256

/*
 * Cuts the text up to the next colon off and into `part`. False: it is empty,
 * or too long for a name.
 */
static bool next_part(const char **text, char part[PART_SIZE])
{
	struct strb copy = strb_on(part, PART_SIZE);
	size_t len = strcspn(*text, ":");

	strb_add_bytes(&copy, *text, len);
	*text = (*text)[len] == ':' ? *text + len + 1 : NULL;
	return len > 0 && !copy.is_cut;
}

static bool parse_uid(const char *part, uid_t *uid)
{
	uint64_t number;

	if (number_parse(part, ID_MAX, &number) == -1)
		return false;
	*uid = (uid_t)number;
	return true;
}

static bool add_group(struct ids *ids, const char *part, bool is_number)
{
	const struct group *group;
	uint64_t number;

	if (ids->group_count == IDS_GROUP_COUNT_MAX)
		return false;
	if (is_number) {
		if (number_parse(part, ID_MAX, &number) == -1)
			return false;
	} else {
		group = getgrnam(part);
		if (!group)
			return false;
		number = group->gr_gid;
	}
	ids->gids[ids->group_count++] = (gid_t)number;
	return true;
}

bool ids_of_account(const char *name, struct ids *ids)
{
	const struct passwd *account = getpwnam(name);

	if (!account)
		return false;
	*ids = (struct ids){.uid = account->pw_uid, .group_count = 1};
	ids->gids[0] = account->pw_gid;
	return true;
}

bool ids_parse(const char *text, struct ids *ids)
{
	bool is_number = *text == ':';
	char part[PART_SIZE];

	*ids = (struct ids){0};
	text += is_number;
	if (!next_part(&text, part))
		return false;
	if (is_number ? !parse_uid(part, &ids->uid)
		      : !ids_of_account(part, ids))
		return false;
	if (!text)
		return !is_number; /* a number has no account to give a group */
	ids->group_count = 0;
	while (text) {
		if (!next_part(&text, part) || !add_group(ids, part, is_number))
			return false;
	}
	return true;
}

static int set_number(struct env *env, const char *name, uintmax_t number)
{
	char digits[sizeof("18446744073709551615")];

	snprintf(digits, sizeof(digits), "%" PRIuMAX, number);
	return env_set(env, name, digits);
}

int ids_announce(const struct ids *ids, struct env *env)
{
	if (set_number(env, "GID", ids->gids[0]) == -1)
		return -1;
	return set_number(env, "UID", ids->uid);
}

/* The order matters: groups can be changed while the user id allows it. */
static const char *take_user(const struct ids *ids)
{
	if (setgid(ids->gids[0]) == -1)
		return "setgid";
	if (setuid(ids->uid) == -1)
		return "setuid";
	return NULL;
}

const char *ids_take(const struct ids *ids)
{
	if (setgroups(ids->group_count, ids->gids) == -1)
		return "setgroups";
	return take_user(ids);
}

const char *ids_take_all(const struct ids *ids, const char *account)
{
	gid_t *gids = NULL, *more;
	int room = IDS_GROUP_COUNT_MAX, count, error;
	size_t own = ids->group_count;
	const char *failed = "setgroups";

	do { /* until there is room for all, and for those of `ids` */
		more = realloc(gids, ((size_t)room + own) * sizeof(*gids));
		if (!more)
			goto out;
		gids = more;
		count = room;
		room *= 2;
	} while (getgrouplist(account, ids->gids[0], gids, &count) == -1);
	memcpy(gids + count, ids->gids, own * sizeof(*gids));
	if (setgroups((size_t)count + own, gids) == 0)
		failed = NULL;
out:
	error = errno;
	free(gids);
	errno = error;
	return failed ? failed : take_user(ids);
}
