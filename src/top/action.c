/* action.c -- what is done to services: by the programs that do it. */
#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/strb.h"
#include "top/top.h"

extern char **environ;

/* ---- starting ---- */

/* A child's signals are as before: the loop has blocked some. */
static int set_signals(posix_spawnattr_t *attributes)
{
	sigset_t none, defaults;

	sigemptyset(&none);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGINT);
	sigaddset(&defaults, SIGPIPE);
	sigaddset(&defaults, SIGTSTP);
	sigaddset(&defaults, SIGWINCH);
	posix_spawnattr_setsigmask(attributes, &none);
	posix_spawnattr_setsigdefault(attributes, &defaults);
	return posix_spawnattr_setflags(
		attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

/* Starts argv[0] of our own folder, with `out_fd`, if it isn't -1, for what it
 * says. 0, or an error number. */
static int start(const struct top *top, char *const argv[], int out_fd,
		 pid_t *pid)
{
	char room[PATH_MAX];
	struct strb path = strb_on(room, sizeof(room));
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	int error;

	strb_add_format(&path, "%s/%s", top->folder, argv[0]);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attributes);
	set_signals(&attributes);
	if (out_fd != -1) {
		posix_spawn_file_actions_addopen(&files, STDIN_FILENO,
						 "/dev/null", O_RDONLY, 0);
		posix_spawn_file_actions_adddup2(&files, out_fd, STDOUT_FILENO);
		posix_spawn_file_actions_adddup2(&files, out_fd, STDERR_FILENO);
	}
	error = posix_spawn(pid, room, &files, &attributes, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	return error;
}

/* ---- a command of sv ---- */

static void take_output(struct top_action *action)
{
	char bytes[TOP_TEXT];
	ssize_t count;

	while ((count = read(action->output.fd, bytes, sizeof(bytes))) > 0) {
		size_t room = sizeof(action->said) - 1 - action->said_len;
		size_t len = (size_t)count < room ? (size_t)count : room;

		memcpy(action->said + action->said_len, bytes, len);
		action->said_len += len;
	}
	action->said[action->said_len] = '\0';
}

static void on_output(struct loop_watch *watch)
{
	struct top *top = watch->owner;
	char bytes[1];

	take_output(&top->action);
	/* At the end of file there is nothing to wait for any more. */
	if (read(watch->fd, bytes, 1) == 0)
		loop_watch_remove(top->loop, watch);
}

static void end_action(struct top *top)
{
	struct top_action *action = &top->action;

	loop_watch_remove(top->loop, &action->output);
	close(action->output.fd);
	action->is_running = false;
}

static void on_exit_of_sv(struct loop_process *process, struct process_end end)
{
	struct top *top = process->owner;
	struct top_action *action = &top->action;

	(void)end;
	take_output(action);
	action->said[strcspn(action->said, "\n")] = '\0';
	/* Something else may have been said meanwhile. */
	if (action->said[0] != '\0')
		snprintf(top->said, sizeof(top->said), "%s", action->said);
	else if (strcmp(top->said, action->announced) == 0)
		snprintf(top->said, sizeof(top->said), "%.250s done",
			 action->announced);
	end_action(top);
	top_draw(top);
}

static int make_pipe(int fds[2])
{
	if (pipe(fds) == -1)
		return -1;
	fcntl(fds[0], F_SETFD, FD_CLOEXEC);
	fcntl(fds[1], F_SETFD, FD_CLOEXEC);
	return fcntl(fds[0], F_SETFL, O_NONBLOCK);
}

void top_run(struct top *top, const char *command, const char *name)
{
	struct top_action *action = &top->action;
	char sv[] = "sv", option[] = "-d", dir[PATH_MAX], words[32], whom[512];
	char *argv[] = {sv, option, dir, words, whom, NULL};
	int fds[2], error;
	pid_t pid;

	if (action->is_running) {
		snprintf(top->said, sizeof(top->said),
			 "the command before is still at work");
		return;
	}
	snprintf(dir, sizeof(dir), "%s", top->scan_dir);
	snprintf(words, sizeof(words), "%s", command);
	snprintf(whom, sizeof(whom), "%s", name);
	if (make_pipe(fds) == -1) {
		snprintf(top->said, sizeof(top->said), "unable to run sv: %s",
			 diag_reason(errno));
		return;
	}
	error = start(top, argv, fds[1], &pid);
	close(fds[1]);
	if (error != 0) {
		snprintf(top->said, sizeof(top->said), "unable to run sv: %s",
			 diag_reason(error));
		close(fds[0]);
		return;
	}
	*action = (struct top_action){.is_running = true};
	action->output = (struct loop_watch){
		.fd = fds[0], .on_readable = on_output, .owner = top};
	loop_watch_add(top->loop, &action->output);
	action->process = (struct loop_process){.pid = pid,
						.is_child = true,
						.on_exit = on_exit_of_sv,
						.owner = top};
	snprintf(action->announced, sizeof(action->announced), "%s %.200s ...",
		 command, name);
	memcpy(top->said, action->announced, sizeof(top->said));
	if (loop_process_add(top->loop, &action->process, -1) == -1)
		end_action(top);
}

void top_end_action(struct top *top)
{
	if (!top->action.is_running)
		return;
	loop_process_remove(top->loop, &top->action.process);
	end_action(top);
}

/* ---- the screen for another ---- */

/* Its page may be short: somebody has to say that he has read it. */
static void wait_for_key(void)
{
	char byte;

	fputs("\n-- enter comes back --", stdout);
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) == -1 && errno == EINTR)
		;
}

/* One that is blocked, as the loop has it, waits though it is ignored. */
static void forget_interrupt(void)
{
	const struct timespec at_once = {.tv_sec = 0};
	sigset_t interrupt;

	sigemptyset(&interrupt);
	sigaddset(&interrupt, SIGINT);
	while (sigtimedwait(&interrupt, NULL, &at_once) == SIGINT)
		;
}

void top_lend_screen(struct top *top, char *const argv[])
{
	struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
	int error, status = 0;
	pid_t pid;

	def_prog_mode();
	endwin();
	/* ^C is for the other. */
	sigaction(SIGINT, &ignore, &before);
	error = start(top, argv, -1, &pid);
	while (error == 0 && waitpid(pid, &status, 0) == -1 && errno == EINTR)
		;
	if (error == 0 && WIFEXITED(status))
		wait_for_key();
	forget_interrupt();
	sigaction(SIGINT, &before, NULL);
	reset_prog_mode();
	clearok(curscr, TRUE);
	terminal_take_size();
	if (error != 0)
		snprintf(top->said, sizeof(top->said), "unable to run %s: %s",
			 argv[0], diag_reason(error));
	if (top_look(top) == -1)
		loop_stop(top->loop);
}
