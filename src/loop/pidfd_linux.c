/* pidfd_linux.c -- see pidfd_linux.h. */
#include <poll.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/proc_stat.h"
#include "base/strb.h"
#include "loop/pidfd_linux.h"
#include "loop/processes.h"

/* What the ioctl fills in, as far as Linux 6.15 knows it. */
struct info {
	uint64_t mask;
	uint64_t cgroup_id;
	uint32_t pids_and_ids[11];
	int32_t exit_status; /* as wait(2) gives it */
};

#define INFO_EXIT     (UINT64_C(1) << 3)
#define INFO_REQUEST  _IOWR(0xff, 11, struct info)
#define WAIT_ON_PIDFD ((idtype_t)3) /* P_PIDFD */
#define TO_GROUP      (1U << 2)     /* PIDFD_SIGNAL_PROCESS_GROUP */

int pidfd_get(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

int pidfd_signal(int pidfd, int number)
{
	return (int)syscall(SYS_pidfd_send_signal, pidfd, number, NULL, 0);
}

int pidfd_signal_group(int pidfd, int number)
{
	return (int)syscall(SYS_pidfd_send_signal, pidfd, number, NULL,
			    TO_GROUP);
}

bool pidfd_peek(int pidfd, struct process_end *end)
{
	siginfo_t info = {0};

	if (waitid(WAIT_ON_PIDFD, (id_t)pidfd, &info,
		   WEXITED | WNOHANG | WNOWAIT) == -1 ||
	    info.si_pid == 0)
		return false;
	*end = process_end_of(&info);
	return true;
}

void pidfd_reap(int pidfd)
{
	siginfo_t info;

	waitid(WAIT_ON_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG);
}

bool pidfd_has_ended(int pidfd)
{
	struct pollfd look = {.fd = pidfd, .events = POLLIN};

	return poll(&look, 1, 0) == 1;
}

bool pidfd_end(int pidfd, struct process_end *end)
{
	struct info info = {.mask = INFO_EXIT};

	/* Not ioctl(): C libraries differ in the type of its second argument.
	 */
	if (syscall(SYS_ioctl, pidfd, INFO_REQUEST, &info) == -1 ||
	    !(info.mask & INFO_EXIT))
		return false;
	*end = process_end_of_status(info.exit_status);
	return true;
}

/* The kernel shows the status as 0 to those who may not trace the process. */
static bool may_know(pid_t pid)
{
	char path[40];
	struct strb name = strb_on(path, sizeof(path));
	struct stat status;

	strb_add_format(&name, "/proc/%d/stat", (int)pid);
	return geteuid() == 0 ||
	       (stat(path, &status) == 0 && status.st_uid == geteuid());
}

bool pidfd_zombie_end(int pidfd, pid_t pid, struct process_end *end)
{
	struct proc_stat found;

	if (!may_know(pid) || !proc_stat_read(pid, &found) ||
	    found.state != 'Z' || found.exit_status < 0)
		return false;
	/* Reaped meanwhile, so that the number may be another's by now? Then
	 * the descriptor can tell by itself. */
	if (!pidfd_end(pidfd, end))
		*end = process_end_of_status((int)found.exit_status);
	return true;
}
