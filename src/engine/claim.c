/* claim.c -- see claim.h. */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/proc_stat.h"
#include "base/strb.h"
#include "engine/claim.h"

static bool is_the_one(const struct claim_facts *facts)
{
	return facts->relation == ERA_SAME && facts->has_same_clock &&
	       facts->found_ticks > 0 &&
	       facts->found_ticks == facts->start_ticks;
}

enum claim_verdict claim_decide(const struct claim_facts *facts)
{
	/* What couldn't prove itself holds the lock, which is free. */
	if (!facts->is_provable)
		return CLAIM_DEAD;
	if (facts->relation == ERA_ELSEWHERE)
		return CLAIM_ELSEWHERE;
	if (!facts->exists)
		return CLAIM_DEAD;
	if (is_the_one(facts) && facts->is_trusted)
		return CLAIM_ALIVE; /* whoever reaps it knows how it ended */
	if (facts->is_zombie)
		return CLAIM_DEAD;
	if (is_the_one(facts))
		return CLAIM_DOUBTED;
	if (facts->relation == ERA_SAME &&
	    (facts->found_ticks <= 0 || !facts->has_same_clock))
		return CLAIM_UNSEEN;
	/* Another with its number; or itself, after a checkpoint. */
	return facts->is_at_home ? CLAIM_RESTORED : CLAIM_DEAD;
}

void claim_find(int64_t pid, struct claim_facts *facts)
{
	struct proc_stat stat;

	if (proc_stat_read(pid, &stat)) {
		facts->exists = true;
		facts->is_zombie = stat.state == 'Z';
		facts->found_ticks = stat.start_ticks;
	} else {
		/* It may be hidden. */
		facts->exists = kill((pid_t)pid, 0) == 0 || errno == EPERM;
	}
}

static bool is_at_home(int64_t pid, int home_fd)
{
	char room[40];
	struct strb path = strb_on(room, sizeof(room));
	struct stat home, current;

	strb_add_format(&path, "/proc/%lld/cwd", (long long)pid);
	return fstat(home_fd, &home) == 0 && stat(room, &current) == 0 &&
	       home.st_dev == current.st_dev && home.st_ino == current.st_ino;
}

enum claim_verdict claim_judge(const struct identity *identity, bool is_trusted,
			       int home_fd, struct eras *eras)
{
	struct claim_facts facts = {
		.is_provable = identity_is_provable(identity),
		.is_trusted = is_trusted,
		.start_ticks = identity->start_ticks,
	};

	if (identity->pid == 0)
		return CLAIM_NONE;
	if (!facts.is_provable)
		return claim_decide(&facts);
	facts.relation = eras_relate(eras, &identity->era);
	facts.has_same_clock = era_has_same_clock(&identity->era, &eras->own);
	claim_find(identity->pid, &facts);
	/* What this program started isn't what was there before it. */
	if (facts.found_ticks > 0 &&
	    facts.found_ticks != identity->start_ticks &&
	    facts.found_ticks <= eras->began_ticks)
		facts.is_at_home = is_at_home(identity->pid, home_fd);
	return claim_decide(&facts);
}

bool claim_holds(const struct identity *identity)
{
	return identity_start_ticks(identity->pid) == identity->start_ticks;
}
