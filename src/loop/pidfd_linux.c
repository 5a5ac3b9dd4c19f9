/* pidfd_linux.c -- see pidfd_linux.h. */
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

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

int pidfd_get(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

int pidfd_signal(int pidfd, int number)
{
	return (int)syscall(SYS_pidfd_send_signal, pidfd, number, NULL, 0);
}

bool pidfd_reap(int pidfd, struct process_end *end)
{
	siginfo_t info = {0};

	if (waitid(WAIT_ON_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG) ==
		    -1 ||
	    info.si_pid == 0)
		return false;
	*end = process_end_of(&info);
	return true;
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
