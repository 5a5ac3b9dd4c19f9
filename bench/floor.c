/*
 * floor.c -- starts the services of a scan directory, and again those that end.
 *
 * No supervisor can start them in less than this takes, nor have the kernel
 * keep less for them: what a suite costs is counted from here. It is as cheap
 * as can be: a vfork() and an exec for each, a wait for each that ends, no file
 * made, no descriptor held, no state kept but which process is which. TERM ends
 * it and all of them.
 */
#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/exec.h"

/* What Linux can have of pids at most; pages are only used where there is one.
 */
#define PID_COUNT (1 << 22)

struct floor {
	int scan_fd;
	sigset_t old_mask;        /* what the services get */
	pid_t first, last;        /* the pids seen */
	char *name_of[PID_COUNT]; /* owned; NULL where there is no service */
};

/*
 * The folder is entered before the fork: until it execs, the child borrows this
 * process's memory and may not do much. Takes over `name`.
 */
static void start(struct floor *floor, char *name)
{
	static char run[] = "./run";
	char *const argv[] = {run, NULL};
	pid_t pid;

	if (fchdir(floor->scan_fd) == -1 || chdir(name) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to chdir to %s", name);
	/* NOLINTNEXTLINE(clang-analyzer-security.insecureAPI.vfork) */
	pid = vfork();
	if (pid == 0) {
		/* Changes nothing that the parent has: masks are a thread's
		 * own. */
		/* NOLINTNEXTLINE(clang-analyzer-unix.Vfork) */
		sigprocmask(SIG_SETMASK, &floor->old_mask, NULL);
		execve(run, argv, environ);
		_exit(EXIT_SYSTEM);
	}
	if (pid == -1 || pid >= PID_COUNT)
		diag_die_errno(EXIT_SYSTEM, "unable to fork for %s", name);
	floor->name_of[pid] = name;
	if (pid < floor->first)
		floor->first = pid;
	if (pid > floor->last)
		floor->last = pid;
}

static void start_all(struct floor *floor, DIR *names)
{
	const struct dirent *entry;

	while ((entry = readdir(names))) {
		char *name =
			entry->d_name[0] == '.' ? NULL : strdup(entry->d_name);

		if (name)
			start(floor, name);
	}
}

/* Reaps what has ended of `kind`, if anything, and starts it again. */
static bool restart(struct floor *floor, idtype_t kind, pid_t of)
{
	siginfo_t ended = {.si_pid = 0};
	char *name;

	if (waitid(kind, (id_t)of, &ended, WEXITED | WNOHANG) == -1 ||
	    !ended.si_pid)
		return false;
	name = floor->name_of[ended.si_pid];
	floor->name_of[ended.si_pid] = NULL;
	if (name)
		start(floor, name);
	return true;
}

static void stop_all(struct floor *floor)
{
	int left = 0;

	for (pid_t pid = floor->first; pid <= floor->last; pid++) {
		if (floor->name_of[pid] && kill(pid, SIGTERM) == 0)
			left++;
	}
	while (left > 0 && wait(NULL) != -1)
		left--;
}

int main(int argc, char *argv[])
{
	static struct floor floor = {.first = PID_COUNT};
	siginfo_t told;
	sigset_t wanted;
	DIR *names;

	diag_set_program("floor");
	if (argc != 2)
		diag_usage(EXIT_USAGE, "directory");
	if (!(names = opendir(argv[1])))
		diag_die_errno(EXIT_SYSTEM, "unable to read %s", argv[1]);
	sigemptyset(&wanted);
	sigaddset(&wanted, SIGCHLD);
	sigaddset(&wanted, SIGTERM);
	sigprocmask(SIG_BLOCK, &wanted, &floor.old_mask);
	floor.scan_fd = dirfd(names);
	start_all(&floor, names);
	while (sigwaitinfo(&wanted, &told) != SIGTERM) {
		/* The kernel walks all children to find any that ended, but not
		 * to find the one that it has just named. */
		restart(&floor, P_PID, told.si_pid);
		while (restart(&floor, P_ALL, 0))
			;
	}
	stop_all(&floor);
	closedir(names);
	return 0;
}
