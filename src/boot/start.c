/* start.c -- see boot.h: descriptors, and what a child does to become one. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/exec.h"
#include "base/fd.h"
#include "base/oom_score.h"
#include "base/strb.h"
#include "boot/boot.h"
#include "service/death.h"
#include "service/ending.h"

/* From one restart to the next; a first restart follows at once. */
#define RESTART_GAP_NS INT64_C(1000000000)

/* A pipe of which neither end waits, or is inherited. */
static int open_pipe(int *read_fd, int *write_fd)
{
	int fds[2];

	if (pipe(fds) == -1)
		return -1;
	*read_fd = fds[0];
	*write_fd = fds[1];
	for (int i = 0; i < 2; i++) {
		if (fcntl(fds[i], F_SETFD, FD_CLOEXEC) == -1 ||
		    fcntl(fds[i], F_SETFL, O_NONBLOCK) == -1)
			return -1;
	}
	return 0;
}

/* Adds a variable with the number of a descriptor that is to be inherited. */
static void hand_down(struct strb *text, const char *variable, int fd)
{
	strb_add_format(text, "%s=%d", variable, fd);
	fcntl(fd, F_SETFD, 0);
}

/* In the child that becomes svscan, which alone is to have the pipes. */
static void hand_pipes_down(struct boot *boot)
{
	static char deaths[sizeof(DEATH_VARIABLE) + 16];
	static char ready[sizeof(READINESS_VARIABLE) + 16];
	static char ending[sizeof(ENDING_VARIABLE) + 16];
	static char begun[] = ENDING_BEGUN_VARIABLE "=1";
	struct strb text = strb_on(deaths, sizeof(deaths));
	char *door;

	hand_down(&text, DEATH_VARIABLE, boot->deaths_read_fd);
	boot_add_variable(boot, deaths);
	text = strb_on(ready, sizeof(ready));
	if (boot->ready_write_fd != -1) {
		hand_down(&text, READINESS_VARIABLE, boot->ready_write_fd);
		boot_add_variable(boot, ready);
	}
	if (boot->ending_write_fd != -1) {
		text = strb_on(ending, sizeof(ending));
		hand_down(&text, ENDING_VARIABLE, boot->ending_write_fd);
		boot_add_variable(boot, ending);
		if (boot->is_stopping)
			boot_add_variable(boot, begun);
	}
	if (boot->mains)
		boot_add_variable(boot, boot->mains);
	door = hold_hand_down(&boot->hold);
	if (door)
		boot_add_variable(boot, door);
}

void boot_close_ready(struct boot *boot)
{
	if (boot->ready_read_fd == -1)
		return;
	close(boot->ready_read_fd);
	close(boot->ready_write_fd);
	boot->ready_read_fd = boot->ready_write_fd = -1;
}

/* Where both programs, and services, write to; a container's is its own. */
static int open_output(struct boot *boot)
{
	int fds[2];

	boot->read_fd = boot->write_fd = -1;
	if (boot->is_container)
		return 0;
	if (pipe(fds) == -1)
		return -1;
	boot->read_fd = fds[0];
	boot->write_fd = fds[1];
	if (fcntl(fds[0], F_SETFD, FD_CLOEXEC) == -1 ||
	    fcntl(fds[1], F_SETFD, FD_CLOEXEC) == -1)
		return -1;
	return 0;
}

static int turn_to_null(const struct boot *boot)
{
	int last_fd = boot->is_container ? STDIN_FILENO : STDERR_FILENO;
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null_fd == -1)
		return -1;
	for (int fd = STDIN_FILENO; fd <= last_fd; fd++) {
		if (dup2(null_fd, fd) == -1)
			return -1;
	}
	close(null_fd);
	return 0;
}

/* svscan waits for room in it: what it tells there has to be known. */
static int open_ending(struct boot *boot)
{
	boot->ending_read_fd = boot->ending_write_fd = boot->told_code = -1;
	if (!boot->is_container)
		return 0;
	if (open_pipe(&boot->ending_read_fd, &boot->ending_write_fd) == -1)
		return -1;
	return fcntl(boot->ending_write_fd, F_SETFL, 0);
}

int boot_open(struct boot *boot)
{
	if (fd_ensure_standard() == -1 || open_output(boot) == -1)
		return -1;
	if (open_pipe(&boot->deaths_read_fd, &boot->deaths_write_fd) == -1)
		return -1;
	boot->ready_read_fd = boot->ready_write_fd = -1;
	if ((boot->readiness.socket[0] != '\0' || boot->command.argv) &&
	    open_pipe(&boot->ready_read_fd, &boot->ready_write_fd) == -1)
		return -1;
	if (command_keep_input(&boot->command) == -1 ||
	    turn_to_null(boot) == -1 || open_ending(boot) == -1)
		return -1;
	hold_open(&boot->hold);
	boot->has_oom_score_changed = oom_score_set_to_never(&boot->oom_score);
	return 0;
}

/*
 * Without a reader the pipe fills, and then a service that complains hangs.
 * Nobody sees the dropped bytes in any case: the newest 400 are shown.
 */
static void make_room(const struct boot *boot)
{
	struct pollfd room = {.fd = boot->write_fd, .events = POLLOUT};
	struct pollfd input = {.fd = boot->read_fd, .events = POLLIN};
	char dropped[PIPE_BUF];

	if (poll(&room, 1, 0) != 0)
		return;
	for (int count = 0; count < 64 && poll(&input, 1, 0) == 1; count++) {
		if (read(boot->read_fd, dropped, sizeof(dropped)) <= 0)
			break;
	}
}

/* In the child, whose standard error is the pipe: why there is a restart. */
static void announce(const struct kept *program)
{
	errno = program->fork_error;
	if (errno != 0)
		diag_warn_errno("unable to fork for %s", program->argv[0]);
	if (program->death_signal != 0)
		diag_warn("%s was killed by signal %d, starting it again",
			  program->argv[0], program->death_signal);
}

/* Its standard descriptors; /dev/null, or a container's own, stand already. */
static int redirect(const struct boot *boot, bool is_title)
{
	if (boot->is_container)
		return 0;
	/*
	 * A readproctitle that can't be run says so to nobody: its pipe has no
	 * reader then.
	 */
	if (is_title)
		return dup2(boot->read_fd, STDIN_FILENO);
	if (dup2(boot->write_fd, STDOUT_FILENO) == -1)
		return -1;
	return dup2(boot->write_fd, STDERR_FILENO);
}

void boot_give_back(const struct boot *boot)
{
	hold_restore_limit(&boot->hold);
	if (boot->has_oom_score_changed)
		oom_score_set_at_exec(boot->oom_score);
	/* The handlers are gone with exec; the mask would stay. */
	sigprocmask(SIG_UNBLOCK, &boot->caught, NULL);
}

void boot_exec(const struct boot *boot, char *const argv[])
{
	char room[PATH_MAX];
	struct strb path = strb_on(room, sizeof(room));

	strb_add_format(&path, "%s/%s", boot->folder, argv[0]);
	if (boot->folder[0] != '\0' && !path.is_cut)
		execve(room, argv, environ);
	exec_search(argv, environ);
	diag_fatal_errno("unable to run %s", argv[0]);
}

/* The child. */
static _Noreturn void become(struct boot *boot, const struct kept *program)
{
	bool is_title = program == &boot->title;

	if (redirect(boot, is_title) == -1)
		_exit(EXIT_SYSTEM);
	announce(program);
	if (!is_title)
		hand_pipes_down(boot);
	boot_give_back(boot);
	boot_exec(boot, program->argv);
	_exit(EXIT_SYSTEM);
}

void boot_start_if_due(struct boot *boot, struct kept *program, int64_t now_ns)
{
	pid_t pid;

	if (!program->argv || program->pid != 0 ||
	    now_ns < program->start_due_ns)
		return;
	if (program == &boot->title && program->is_restart)
		make_room(boot);
	if (program == &boot->svscan)
		hold_prepare(&boot->hold);
	pid = fork();
	if (pid == 0)
		become(boot, program);
	program->start_due_ns = now_ns;
	if (program->is_restart || pid == -1)
		program->start_due_ns += RESTART_GAP_NS;
	if (pid == -1) {
		program->fork_error = errno;
		return;
	}
	program->pid = pid;
	program->started_ns = now_ns;
	program->is_restart = true;
	program->fork_error = 0;
}

void boot_start_command(struct boot *boot)
{
	pid_t pid;

	if (!command_is_due(&boot->command))
		return;
	pid = fork();
	if (pid == -1) {
		boot->command.was_started = true;
		boot->command.exit_code = EXIT_SYSTEM;
		diag_warn_errno("unable to fork for %s", boot->command.argv[0]);
		return;
	}
	command_settle(&boot->command, pid);
	if (pid != 0)
		return;
	boot_give_back(boot);
	command_exec(&boot->command);
}
