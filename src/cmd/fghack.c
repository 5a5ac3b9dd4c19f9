/*
 * fghack.c -- wait for a program that puts itself in the background.
 *
 * The program inherits copies of a pipe's writing end that it does not know
 * of; the pipe ends when the last process that holds one has ended. There are
 * many copies, since a daemon may close the low descriptors without a look; one
 * that closes them all defeats this. Signals are not passed on.
 */
#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/exec.h"
#include "base/fd.h"
#include "base/program.h"

enum { EXTRA_COPIES = 30 };

_Noreturn static void become_child(const int pipe_fds[2], char *argv[])
{
	close(pipe_fds[0]);
	for (int i = 0; i < EXTRA_COPIES; i++) {
		/* With no descriptor left, those there are must do. */
		if (dup(pipe_fds[1]) == -1)
			break;
	}
	exec_or_die(argv, environ);
}

int main(int argc, char *argv[])
{
	char ignored[4096];
	int pipe_fds[2], status;
	pid_t child;

	program_begin("fghack", argc, argv);
	if (argc < 2)
		diag_usage(EXIT_USAGE, "child");
	if (pipe(pipe_fds) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to create pipe");
	child = fork();
	if (child == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to fork");
	if (child == 0)
		become_child(pipe_fds, argv + 1);
	close(pipe_fds[1]);
	while (fd_read_some(pipe_fds[0], ignored, sizeof(ignored)) > 0)
		;
	while (waitpid(child, &status, 0) == -1)
		if (errno != EINTR)
			diag_die_errno(EXIT_SYSTEM, "wait failed");
	if (!WIFEXITED(status))
		diag_die(EXIT_SYSTEM, "child crashed");
	return WEXITSTATUS(status);
}
