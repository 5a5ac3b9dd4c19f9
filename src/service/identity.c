/* identity.c -- see identity.h. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc_stat.h"
#include "service/identity.h"

static const char unknown_boot[] = "unknown";

void identity_boot_id(char out[BOOT_ID_SIZE])
{
	long count = fd_read_file(AT_FDCWD, "/proc/sys/kernel/random/boot_id",
				  out, BOOT_ID_SIZE - 1);

	if (count < BOOT_ID_SIZE - 1)
		snprintf(out, BOOT_ID_SIZE, "unknown");
	else
		out[BOOT_ID_SIZE - 1] = '\0';
}

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
	       strcmp(identity->boot_id, unknown_boot) != 0;
}

bool identity_is_alive(const struct identity *identity, const char *boot_id)
{
	return identity_is_provable(identity) &&
	       strcmp(identity->boot_id, boot_id) == 0 &&
	       identity_start_ticks(identity->pid) == identity->start_ticks;
}
