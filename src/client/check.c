/* check.c -- see check.h. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/exec.h"
#include "client/check.h"

bool check_is_there(int dir_fd)
{
	return faccessat(dir_fd, "check", X_OK, AT_EACCESS) == 0;
}

static _Noreturn void run(int dir_fd)
{
	char name[] = "./check";
	char *argv[] = {name, NULL};
	sigset_t none;
	int null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (null_fd != -1)
		dup2(null_fd, STDOUT_FILENO);
	if (fchdir(dir_fd) == 0)
		execve(name, argv, environ);
	_exit(111);
}

int check_start(int dir_fd, struct loop *loop, struct loop_process *process)
{
	int error;
	pid_t pid = fork();

	if (pid == 0)
		run(dir_fd);
	if (pid == -1)
		return -1;
	process->pid = pid;
	process->is_child = true;
	if (loop_process_add(loop, process, -1) == 0)
		return 0;
	error = errno;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	process->pid = 0;
	errno = error;
	return -1;
}

void check_end(struct loop *loop, struct loop_process *process)
{
	if (process->pid == 0)
		return;
	loop_process_signal(process, SIGKILL);
	loop_process_remove(loop, process);
	process->pid = 0;
}
