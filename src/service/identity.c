/* identity.c -- see identity.h. */
#include <unistd.h>

#include "base/proc_stat.h"
#include "service/identity.h"

int64_t identity_start_ticks(int64_t pid)
{
	struct proc_stat stat;

	return proc_stat_read(pid, &stat) ? stat.start_ticks : -1;
}

void identity_own(struct identity *identity)
{
	struct proc_stat stat;

	if (!proc_stat_read_own(&stat))
		stat = (struct proc_stat){.pid = getpid(), .start_ticks = -1};
	identity->pid = stat.pid;
	identity->start_ticks = stat.start_ticks;
}

bool identity_is_zombie(int64_t pid)
{
	struct proc_stat stat;

	return proc_stat_read(pid, &stat) && stat.state == 'Z';
}

bool identity_is_provable(const struct identity *identity)
{
	/* Process 1 and what the kernel starts itself are nobody's service. */
	return identity->pid > 1 && identity->start_ticks > 0 &&
	       era_is_known(&identity->era);
}

bool identity_is_alive(const struct identity *identity, const struct era *own)
{
	return identity_is_provable(identity) &&
	       era_relate(&identity->era, own) == ERA_SAME &&
	       identity_start_ticks(identity->pid) == identity->start_ticks;
}
