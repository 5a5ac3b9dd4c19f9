/* command.c -- see command.h. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/exec.h"
#include "boot/command.h"

/* As shells have it. */
enum { EXIT_CANNOT_RUN = 126, EXIT_NO_PROGRAM = 127, EXIT_SIGNAL = 128 };

int command_keep_input(struct command *command)
{
	command->input_fd = -1;
	if (!command->argv)
		return 0;
	command->input_fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	command->is_on_terminal = isatty(STDIN_FILENO) == 1;
	return command->input_fd == -1 ? -1 : 0;
}

bool command_is_due(const struct command *command)
{
	return command->argv && !command->was_started;
}

/* From the background, or where it is another session's: that it can't be, or
 * that it would stop us, is nothing to wait for. */
static void give_terminal(const struct command *command, pid_t group)
{
	sigset_t out, before;

	sigemptyset(&out);
	sigaddset(&out, SIGTTOU);
	sigprocmask(SIG_BLOCK, &out, &before);
	(void)tcsetpgrp(command->input_fd, group);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

/* Both do it, so that it is done whoever comes first. */
void command_settle(struct command *command, pid_t pid)
{
	command->was_started = true;
	command->pid = pid;
	if (!command->is_on_terminal)
		return;
	setpgid(pid, pid);
	give_terminal(command, pid != 0 ? pid : getpid());
}

_Noreturn void command_exec(const struct command *command)
{
	int error;

	if (dup2(command->input_fd, STDIN_FILENO) == -1)
		_exit(EXIT_SYSTEM);
	exec_search(command->argv, environ);
	error = errno;
	diag_fatal_errno("unable to run %s", command->argv[0]);
	_exit(error == ENOENT ? EXIT_NO_PROGRAM : EXIT_CANNOT_RUN);
}

/* A shell on a terminal ignores TERM, and knows what a hangup means. */
void command_tell(struct command *command, int number, int64_t patience_due_ns)
{
	pid_t target = command->is_on_terminal ? -command->pid : command->pid;

	if (command->pid == 0 || command->patience_due_ns != 0)
		return;
	command->patience_due_ns = patience_due_ns;
	kill(target, number);
	if (command->is_on_terminal)
		kill(target, SIGHUP);
	kill(target, SIGCONT);
}

bool command_is_awaited(const struct command *command, int64_t now_ns)
{
	return command->pid != 0 && now_ns < command->patience_due_ns;
}

void command_continue(const struct command *command)
{
	siginfo_t info = {0};

	if (command->pid == 0 ||
	    waitid(P_PID, (id_t)command->pid, &info, WSTOPPED | WNOHANG) ==
		    -1 ||
	    info.si_pid == 0 || info.si_status != SIGTSTP)
		return;
	kill(command->pid, SIGCONT);
}

void command_note_end(struct command *command, int status)
{
	command->pid = 0;
	command->exit_code = WIFSIGNALED(status)
				     ? EXIT_SIGNAL + WTERMSIG(status)
				     : WEXITSTATUS(status);
	if (command->is_on_terminal)
		give_terminal(command, getpgrp());
}
