/* child.c -- see child.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/exec.h"
#include "base/oom_score.h"
#include "base/strb.h"
#include "engine/child.h"
#include "service/identity.h"
#include "service/supervise_dir.h"

_Noreturn void child_fail(const struct spawn_plan *plan, const char *what)
{
	/* The name is 0.76's, whichever program hosts the service: people
	 * search their logs for it. */
	diag_print("supervise: fatal: unable to %s %s/%s: %s", what, plan->name,
		   plan->script, diag_reason(errno));
	_exit(EXIT_SYSTEM);
}

/* For the script to inherit. */
static int move_to(int fd, int target_fd)
{
	if (fd == target_fd)
		return fcntl(fd, F_SETFD, 0);
	return dup2(fd, target_fd) == -1 ? -1 : 0;
}

/*
 * Each end is opened anew, so that its flags are the script's own. The open
 * must not block, as it would for a logger whose service has gone for good, or
 * for whatever the owner of the directory may have put in the pipe's place: the
 * parent waits for this child.
 */
static int put_pipe(int dir_fd, const char *name, int access, int target_fd)
{
	struct stat status;
	int fd = openat(dir_fd, name,
			access | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd == -1 || fstat(fd, &status) == -1)
		return -1;
	if (!S_ISFIFO(status.st_mode)) {
		errno = EEXIST; /* something else has the name */
		return -1;
	}
	if (fcntl(fd, F_SETFL, access) == -1)
		return -1;
	return move_to(fd, target_fd);
}

/*
 * The service isn't started into a pipe that nobody reads: the open for writing
 * fails then, which means that the supervisor is dead, and the next one will
 * start it. Where nobody keeps the pipe, the service has it for reading, too,
 * so that it needs no other reader: while logger and supervisor are both dead
 * it waits, and gets no SIGPIPE.
 */
static int put_output(bool is_kept)
{
	if (put_pipe(AT_FDCWD, SUPERVISE_PIPE, O_WRONLY, STDOUT_FILENO) == -1)
		return -1;
	if (is_kept)
		return 0;
	return put_pipe(AT_FDCWD, SUPERVISE_PIPE, O_RDWR, STDOUT_FILENO);
}

static int put_own_output(const struct spawner *spawner)
{
	for (int i = 0; i < SPAWN_OUTPUTS; i++)
		if (dup2(spawner->own_output[i], STDOUT_FILENO + i) == -1)
			return -1;
	return 0;
}

/* Without a FIFO to be had it runs all the same, and is never ready: what it
 * writes goes nowhere. The supervisor has told of it. */
static int put_ready(int target_fd)
{
	int fd;

	if (put_pipe(AT_FDCWD, SUPERVISE_READY, O_RDWR, target_fd) == 0)
		return 0;
	fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	return fd == -1 ? -1 : move_to(fd, target_fd);
}

/* No file, so nobody has locked it: it goes, unless it is a directory. */
static int lock_anew(void)
{
	struct stat status;
	int error = errno;

	if (fstatat(AT_FDCWD, SUPERVISE_LOCK_FD, &status,
		    AT_SYMLINK_NOFOLLOW) == -1 ||
	    S_ISREG(status.st_mode) || S_ISDIR(status.st_mode) ||
	    unlink(SUPERVISE_LOCK_FD) == -1) {
		errno = error;
		return -1;
	}
	return supervise_dir_lock_file(AT_FDCWD, SUPERVISE_LOCK_FD);
}

/* A second copy waits, in that it isn't started until the first is gone. */
static int put_lock(int target_fd)
{
	int fd = supervise_dir_lock_file(AT_FDCWD, SUPERVISE_LOCK_FD);

	if (fd == -1 && errno != EAGAIN)
		fd = lock_anew();
	return fd == -1 ? -1 : move_to(fd, target_fd);
}

/* The lock stays held until the exec, also where the script wants that number.
 */
static int out_of_the_way(const struct spawn_plan *plan, int fd)
{
	int most = plan->notification_fd > plan->lock_fd_number
			   ? plan->notification_fd
			   : plan->lock_fd_number;
	int moved_fd;

	if (plan->holds_control && most < SPAWN_CONTROL_FD)
		most = SPAWN_CONTROL_FD;
	moved_fd = most < fd ? fd : fcntl(fd, F_DUPFD_CLOEXEC, most + 1);

	return moved_fd == -1 ? fd : moved_fd;
}

/*
 * With an identity that can be proved, on a record that will be believed, that
 * is enough. Without, the process that runs the script holds the lock itself.
 */
static void leave_trace(const struct spawner *spawner,
			const struct spawn_plan *plan, int lock_fd,
			struct spawned *spawned)
{
	struct identity identity;

	if (!plan->record) {
		spawned->pid = getpid();
		return;
	}
	identity.era = spawner->eras.own;
	identity_own(&identity);
	/* In the namespace of the parent, if /proc is. */
	if (era_is_known(&identity.era))
		spawned->pid = (pid_t)identity.pid;
	spawned->start_ticks = identity.start_ticks;
	spawned->record = plan->record(plan->owner, &identity);
	if (spawned->record == RECORD_FAILED || plan->keeps_lock ||
	    !identity_is_provable(&identity))
		fcntl(lock_fd, F_SETFD, 0);
}

/* Unblocked first: what is pending and ignored is gone with that, as SIGXFSZ of
 * a record that a limit had no room for. At its default it would end this. */
static void reset_signals(const struct spawner *spawner)
{
	const struct sigaction action = {.sa_handler = SIG_DFL};
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int number = 1; spawner->has_ignored && number < NSIG; number++) {
		if (sigismember(&spawner->ignored, number) == 1)
			sigaction(number, &action, NULL);
	}
}

/* Where it can't, its process group stands in: see scope.h. */
static void enter_cgroup(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd == -1)
		return;
	if (write(fd, "0", 1) == -1)
		errno = 0;
	close(fd);
}

/* Returns on failure only, with errno. */
static void become(const struct spawn_plan *plan, char *path, char *argv[])
{
	char *const *envp = plan->environment ? plan->environment : environ;
	char *by_execline[] = {(char[]){"execlineb"}, (char[]){"-P"}, path,
			       NULL};
	char *by_shell[] = {(char[]){"sh"}, path, NULL};

	if (!plan->is_command_line) {
		execve(path, argv, envp);
		return;
	}
	exec_search(by_execline, envp);
	if (errno == ENOENT)
		execve("/bin/sh", by_shell, envp);
}

_Noreturn void child_run(const struct spawner *spawner,
			 const struct spawn_plan *plan,
			 const struct child_fds *fds, struct spawned *spawned,
			 void (*tell)(const struct spawned *spawned))
{
	char path[32];
	char *argv[SPAWN_ARGUMENTS + 2] = {path};
	struct strb text = strb_on(path, sizeof(path));
	int lock_fd = fds->lock_fd, home_fd = fds->home_fd;

	strb_add(&text, "./");
	strb_add(&text, plan->script);
	/* Copied as bytes: execve() takes what it doesn't change as if it
	 * would. */
	memcpy(argv + 1, plan->arguments, sizeof(plan->arguments));
	if (!plan->keeps_session)
		setsid();
	if (fds->input_dir_fd != -1 &&
	    put_pipe(fds->input_dir_fd, SUPERVISE_PIPE, O_RDONLY,
		     STDIN_FILENO) == -1)
		child_fail(plan, "set up descriptors for");
	if (plan->has_output_pipe && put_output(plan->is_output_kept) == -1)
		child_fail(plan, "set up descriptors for");
	if (plan->has_own_output && put_own_output(spawner) == -1)
		child_fail(plan, "set up descriptors for");
	lock_fd = out_of_the_way(plan, lock_fd);
	if (home_fd != -1)
		home_fd = out_of_the_way(plan, home_fd);
	if (plan->notification_fd != -1 &&
	    put_ready(plan->notification_fd) == -1)
		child_fail(plan, "set up descriptors for");
	if (plan->holds_control && put_pipe(AT_FDCWD, SUPERVISE_CONTROL,
					    O_WRONLY, SPAWN_CONTROL_FD) == -1)
		child_fail(plan, "set up descriptors for");
	if (plan->lock_fd_number != -1 && put_lock(plan->lock_fd_number) == -1)
		child_fail(plan, "acquire " SUPERVISE_LOCK_FD " for");
	if (plan->cgroup_path)
		enter_cgroup(plan->cgroup_path);
	leave_trace(spawner, plan, lock_fd, spawned);
	atomic_store(&spawned->is_complete, true);
	if (tell)
		tell(spawned);
	if (home_fd != -1 && fchdir(home_fd) == -1)
		child_fail(plan, "switch to the directory of");
	if (spawner->has_raised_limit)
		setrlimit(RLIMIT_NOFILE, &spawner->limit);
	if (spawner->has_oom_score_changed)
		oom_score_set_at_exec(spawner->oom_score);
	reset_signals(spawner);
	become(plan, path, argv);
	child_fail(plan, "start");
}
