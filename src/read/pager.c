/* pager.c -- see pager.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/exec.h"
#include "base/strb.h"
#include "read/pager.h"

/* Exit codes of a shell that found no such program, or may not run it. */
#define NOT_RUNNABLE 126
#define NOT_FOUND    127

/* Whether a program of that name is in PATH. */
static bool is_installed(const char *name)
{
	const char *path = getenv("PATH");
	char room[PATH_MAX];

	for (; path && *path != '\0'; path += *path == ':') {
		struct strb file = strb_on(room, sizeof(room));
		size_t len = strcspn(path, ":");

		strb_add_bytes(&file, path, len);
		strb_add(&file, "/");
		strb_add(&file, name);
		if (!file.is_cut && access(room, X_OK) == 0)
			return true;
		path += len;
	}
	return false;
}

/* The command, for the shell; NULL for none. */
static const char *choose(void)
{
	const char *set = getenv("PAGER");

	if (set)
		return *set == '\0' || strcmp(set, "cat") == 0 ? NULL : set;
	if (is_installed("less"))
		return "less";
	return is_installed("more") ? "more" : NULL;
}

static _Noreturn void become(const char *command, int in_fd)
{
	signal(SIGINT, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	if (dup2(in_fd, STDIN_FILENO) != -1)
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	diag_fatal_errno("unable to run %s", command);
	_exit(EXIT_SYSTEM);
}

void pager_open(struct pager *pager)
{
	const char *command = choose();
	int ends[2];

	*pager = (struct pager){.fd = STDOUT_FILENO};
	if (!command || pipe(ends) == -1)
		return;
	fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	fcntl(ends[1], F_SETFD, FD_CLOEXEC);
	setenv("LESS", "FRX", false);
	pager->pid = fork();
	if (pager->pid == 0)
		become(command, ends[0]);
	close(ends[0]);
	if (pager->pid == -1) {
		close(ends[1]);
		pager->pid = 0;
		return;
	}
	pager->fd = ends[1];
	pager->command = command;
	signal(SIGINT, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
}

bool pager_close(struct pager *pager)
{
	int status = 0, code;

	if (pager->pid == 0)
		return true;
	close(pager->fd);
	while (waitpid(pager->pid, &status, 0) == -1 && errno == EINTR)
		;
	pager->pid = 0;
	code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
	if (code != NOT_RUNNABLE && code != NOT_FOUND)
		return true;
	diag_warn("unable to run the pager %s: set PAGER to one that is there, "
		  "or use --no-pager",
		  pager->command);
	return false;
}
