/* processor.c -- see processor.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/strb.h"
#include "log/durable.h"
#include "log/processor.h"
#include "log/request.h"
#include "log/trouble.h"

/* What a command gets to come to its end after a stop was asked for. */
#define PROCESSOR_GRACE_MS 5000

/* A descriptor of the command's, by the number that it knows it by. */
struct handle {
	const char *name;
	int fd, flags;
};

static const struct handle handles[] = {
	{"previous", STDIN_FILENO, O_RDONLY},
	{"processed", STDOUT_FILENO, O_WRONLY | O_CREAT | O_TRUNC},
	/* Made when absent: a directory may come from elsewhere. */
	{"state", 4, O_RDONLY | O_CREAT},
	{"newstate", 5, O_WRONLY | O_CREAT | O_TRUNC},
};
#define HANDLE_COUNT (sizeof(handles) / sizeof(handles[0]))
#define HANDLE_MAX   5

/* Opens all first, out of the way, so that none lands on another's number. */
static int open_handles(int dir_fd)
{
	int fds[HANDLE_COUNT];

	for (size_t i = 0; i < HANDLE_COUNT; i++) {
		int fd = openat(dir_fd, handles[i].name,
				handles[i].flags | O_NOFOLLOW | O_NONBLOCK |
					O_CLOEXEC,
				0644);

		if (fd == -1)
			return -1;
		fds[i] = fcntl(fd, F_DUPFD_CLOEXEC, HANDLE_MAX + 1);
		if (fds[i] == -1)
			return -1;
		close(fd);
	}
	for (size_t i = 0; i < HANDLE_COUNT; i++) {
		if (dup2(fds[i], handles[i].fd) == -1)
			return -1;
	}
	return 0;
}

static _Noreturn void become_command(const struct archive *archive,
				     const char *command)
{
	int dir_fd;

	request_reset();
	setpgid(0, 0);
	/* Above the handles: dup2() may close what is below. */
	dir_fd = fcntl(archive->dir_fd, F_DUPFD_CLOEXEC, HANDLE_MAX + 1);
	if (dir_fd != -1 && fchdir(dir_fd) == 0 && open_handles(dir_fd) == 0)
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	diag_fatal_errno("unable to run %s", command);
	_exit(EXIT_SYSTEM);
}

/*
 * Waits for the end of the command. One that goes on long after a stop was
 * asked for is ended, with all that it has started: first asked, then killed.
 */
static pid_t await_end(pid_t pid, int *status)
{
	int64_t due_ms = 0;
	int signal = SIGTERM;
	pid_t got;

	for (;;) {
		/* First: looking lets in SIGCHLD, too, and nothing else may
		 * between waitpid() and the sleep that it is to end. */
		bool is_stopping = request_is_stopping();
		int64_t now_ms = request_now_ms();

		got = waitpid(pid, status, WNOHANG);
		if (got != 0)
			return got;
		if (!is_stopping) {
			request_sleep(INT_MAX);
			continue;
		}
		if (due_ms == 0) {
			due_ms = now_ms + PROCESSOR_GRACE_MS;
		} else if (now_ms >= due_ms) {
			kill(-pid, signal);
			signal = SIGKILL;
			due_ms = now_ms + PROCESSOR_GRACE_MS;
		}
		request_sleep((int)(due_ms - now_ms));
	}
}

/* One run to its end: 0, or -1 when it gave up. */
static int run_once(struct archive *archive, const char *command, int *status)
{
	pid_t pid;

	request_admit(SIGCHLD);
	while ((pid = fork()) == -1) {
		if (trouble("unable to fork for processor in %s",
			    archive->path) == -1)
			return -1;
	}
	if (pid == 0)
		become_command(archive, command);
	setpgid(pid, pid); /* both do it: one of them is first */
	while (await_end(pid, status) == -1) {
		if (errno != EINTR && trouble("wait failed for processor in %s",
					      archive->path) == -1)
			return -1;
	}
	return 0;
}

/* One message for each failure; then as trouble(). */
static int report_failure(const struct archive *archive, int status)
{
	char room[32];
	struct strb reason = strb_on(room, sizeof(room));

	if (!WIFSIGNALED(status)) {
		/* Of the usual code 0.76 says no more, and so do its logs. */
		if (WEXITSTATUS(status) == 1)
			return trouble_because(NULL, "processor failed in %s",
					       archive->path);
		strb_add_format(&reason, "exit %d", WEXITSTATUS(status));
		return trouble_because(room, "processor failed in %s",
				       archive->path);
	}
	strb_add_format(&reason, "signal %d", WTERMSIG(status));
	return trouble_because(room, "processor crashed in %s", archive->path);
}

/* Writes a result to disk; one that the command removed is empty. */
static int save(struct archive *archive, const char *name, mode_t mode)
{
	int fd, result = -1;

	while ((fd = openat(archive->dir_fd, name,
			    O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW |
				    O_NONBLOCK | O_CLOEXEC,
			    0644)) == -1) {
		if (trouble("unable to create %s/%s", archive->path, name) ==
		    -1)
			return -1;
	}
	if (durable_file(archive->dir_fd, archive->path, name, fd) == -1)
		goto out;
	while (fchmod(fd, mode) == -1) {
		if (trouble("unable to set mode of %s/%s", archive->path,
			    name) == -1)
			goto out;
	}
	result = 0;
out:
	close(fd);
	return result;
}

/*
 * From `processed` getting mode 744 on, recovery prefers it to `previous`;
 * so `newstate` is saved first.
 */
static int keep_results(struct archive *archive)
{
	if (save(archive, "newstate", 0644) == -1 ||
	    save(archive, "processed", 0744) == -1 ||
	    archive_sync(archive) == -1 ||
	    archive_remove(archive, "previous") == -1)
		return -1;
	while (renameat(archive->dir_fd, "newstate", archive->dir_fd,
			"state") == -1) {
		if (trouble("unable to rename newstate to state in "
			    "directory %s",
			    archive->path) == -1)
			return -1;
	}
	return 0;
}

int processor_run(struct archive *archive, const char *command)
{
	int status;

	for (;;) {
		if (run_once(archive, command, &status) == -1)
			return -1;
		if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
			return keep_results(archive);
		if (report_failure(archive, status) == -1)
			return -1;
	}
}
