/* remains_linux.c -- see remains.h. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc_stat.h"
#include "boot/remains.h"

#define PLACE_BYTES 200  /* of a path that is shown */
#define DEPTH_MOST  4096 /* parents may change while they are looked at */

static bool is_whole(const struct spared *spared, int64_t pid)
{
	for (size_t i = 0; i < spared->whole_count; i++) {
		if (spared->whole[i] == pid)
			return true;
	}
	return false;
}

/* Whether it is to be ended: below this process, alive, and not spared. */
static bool remains(const struct spared *spared, int64_t pid)
{
	const pid_t own_pid = getpid();
	struct proc_stat stat;

	if (pid == spared->alone || !proc_stat_read(pid, &stat) ||
	    stat.state == 'Z')
		return false;
	for (int depth = 0; depth < DEPTH_MOST; depth++) {
		if (is_whole(spared, pid))
			return false;
		if (stat.parent_pid == own_pid)
			return true;
		pid = stat.parent_pid;
		if (pid <= 1 || !proc_stat_read(pid, &stat))
			return false;
	}
	return false;
}

/* By a pidfd that was opened before it was looked at, so that its number can't
 * have become another's; older kernels have none. */
static void signal_one(int pidfd, pid_t pid, int number)
{
	if (number == 0)
		return;
	if (pidfd == -1)
		kill(pid, number);
	else
		syscall(SYS_pidfd_send_signal, pidfd, number, NULL, 0);
}

/* Where it is tells most: scripts of services are in their directories. */
static void add_place(struct strb *names, pid_t pid)
{
	char path[40], place[PATH_MAX];
	struct strb where = strb_on(path, sizeof(path));
	ssize_t count;

	strb_add_format(&where, "/proc/%lld/cwd", (long long)pid);
	count = readlink(path, place, sizeof(place) - 1);
	if (count <= 0)
		return;
	place[count] = '\0';
	strb_add(names, " in ");
	strb_add_shown(names, place, PLACE_BYTES);
}

static void add_name(struct strb *names, pid_t pid)
{
	char path[40], name[32];
	struct strb where = strb_on(path, sizeof(path));
	long count;

	strb_add_format(&where, "/proc/%lld/comm", (long long)pid);
	count = fd_read_file(AT_FDCWD, path, name, sizeof(name) - 1);
	name[count > 0 ? count : 0] = '\0';
	name[strcspn(name, "\n")] = '\0';
	strb_add(names, names->len > 0 ? ", " : "");
	strb_add_shown(names, name, sizeof(name));
	add_place(names, pid);
	strb_add_format(names, " (pid %lld)", (long long)pid);
}

static bool treat(const struct spared *spared, pid_t pid, int first, int second,
		  struct strb *names)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	bool is_there = (pidfd != -1 || errno == ENOSYS || errno == EPERM ||
			 errno == EMFILE) &&
			remains(spared, pid);

	if (is_there && names)
		add_name(names, pid);
	if (is_there) {
		signal_one(pidfd, pid, first);
		signal_one(pidfd, pid, second);
	}
	if (pidfd != -1)
		close(pidfd);
	return is_there;
}

size_t remains_signal(const struct spared *spared, int first, int second,
		      struct strb *names)
{
	DIR *processes = opendir("/proc");
	const struct dirent *process;
	size_t count = 0;

	while (processes && (process = readdir(processes))) {
		if (!isdigit((unsigned char)process->d_name[0]))
			continue;
		count += treat(spared, (pid_t)atoi(process->d_name), first,
			       second, names);
	}
	if (processes)
		closedir(processes);
	return count;
}
