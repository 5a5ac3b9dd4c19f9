/*
 * loop_fixture.h -- what the tests of the loop share.
 *
 * Nothing sleeps and hopes: a test runs the loop until what it waits for has
 * come, and a guard fails it when that takes absurdly long. Include after
 * cmocka.h.
 */
#ifndef TEST_LOOP_FIXTURE_H
#define TEST_LOOP_FIXTURE_H

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "loop/loop.h"

#define GUARD_S 20
#define MS_NS   INT64_C(1000000)

static inline void guard_failed(struct loop_timer *timer)
{
	(void)timer;
	fail_msg("what was waited for didn't come");
}

/* Runs until a callback stops the loop. */
static inline void run(struct loop *loop)
{
	struct loop_timer guard = {.on_due = guard_failed};

	loop_timer_set(loop, &guard, loop_now_ns() + GUARD_S * 1000 * MS_NS);
	assert_int_equal(loop_run(loop), 0);
	loop_timer_cancel(loop, &guard);
}

static inline void stop_on_timer(struct loop_timer *timer)
{
	loop_stop(timer->owner);
}

/* Makes the callbacks of what has happened already, and of nothing else. */
static inline void run_once(struct loop *loop)
{
	struct loop_timer now = {.on_due = stop_on_timer, .owner = loop};

	loop_timer_set(loop, &now, loop_now_ns());
	run(loop);
}

static inline struct loop *new_loop(void)
{
	struct loop *loop = loop_new();

	assert_non_null(loop);
	return loop;
}

static inline void make_pipe(int ends[2])
{
	assert_int_equal(pipe(ends), 0);
}

/*
 * fork(2); the child gets what a program expects to be started with, and none
 * of the loop's handlers ever runs in it. Nor does it stay behind, even if the
 * test fails.
 */
static inline pid_t fork_clean(void)
{
	static const int handled[] = {SIGCHLD, SIGTERM, SIGINT, SIGHUP};
	sigset_t all, none, before;
	pid_t pid;

	sigfillset(&all);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid == 0) {
		for (int i = 0; i < 4; i++)
			signal(handled[i], SIG_DFL);
		alarm(2 * GUARD_S);
		before = none;
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	assert_int_not_equal(pid, -1);
	return pid;
}

/* A child that only waits to be killed. */
static inline pid_t start_sleeper(void)
{
	pid_t pid = fork_clean();

	if (pid == 0) {
		for (;;)
			pause();
	}
	return pid;
}

/* A child that leads a process group, and has a member for it that holds the
 * write end of `held`, if any, as it does itself. */
static inline pid_t start_group(const int held[2])
{
	int ready[2];
	char byte;
	pid_t pid;

	make_pipe(ready);
	pid = fork_clean();
	if (pid == 0) {
		if (held)
			close(held[0]);
		setsid();
		start_sleeper();
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static inline pid_t start_exiting(int code)
{
	pid_t pid = fork_clean();

	if (pid == 0)
		_exit(code);
	return pid;
}

/* Waits for the end of a child, and leaves it to be reaped. */
static inline void await_zombie(pid_t pid)
{
	siginfo_t info;

	while (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) == -1)
		assert_int_equal(errno, EINTR);
}

/*
 * Runs `body` in a child, which it may do anything to; the result is what it
 * returned, or -1 when it was killed. Assertions don't work in there.
 */
static inline int in_child(int (*body)(void))
{
	int status;
	pid_t pid = fork_clean();

	if (pid == 0)
		_exit(body());
	while (waitpid(pid, &status, 0) == -1)
		assert_int_equal(errno, EINTR);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* ---- a process that ends, and what was told of it ---- */

struct told {
	struct loop *loop;
	struct loop_process process;
	struct process_end end;
	unsigned calls;
};

static inline void note_end(struct loop_process *process,
			    struct process_end end)
{
	struct told *told = process->owner;

	told->end = end;
	told->calls++;
	loop_stop(told->loop);
}

static inline int watch_process(struct told *told, struct loop *loop, pid_t pid,
				bool is_child)
{
	*told = (struct told){.loop = loop,
			      .process = {.pid = pid,
					  .is_child = is_child,
					  .on_exit = note_end,
					  .owner = told}};
	return loop_process_add(loop, &told->process, -1);
}

/* ---- a process that isn't our child ---- */

static inline void stranger_main(int hold_fd, int code, int signal_number)
{
	char byte;

	while (read(hold_fd, &byte, 1) == -1 && errno == EINTR)
		;
	if (signal_number != 0)
		raise(signal_number);
	_exit(code);
}

static inline void parent_main(int hold_fd, int pid_fd, int reap_fd, int code,
			       int signal_number)
{
	char byte;
	pid_t pid;

	pid = fork_clean();
	if (pid == 0)
		stranger_main(hold_fd, code, signal_number);
	if (write(pid_fd, &pid, sizeof(pid)) != sizeof(pid))
		_exit(1);
	while (read(reap_fd, &byte, 1) == -1 && errno == EINTR)
		;
	waitpid(pid, NULL, 0);
	_exit(0);
}

/* It ends with `code`, or by a signal, once the write end of `hold` closes;
 * and is reaped once that of `reap` does (they may be the same pipe). */
static inline pid_t start_stranger(const int hold[2], const int reap[2],
				   int code, int signal_number,
				   pid_t *parent_pid)
{
	int told[2];
	pid_t pid;

	make_pipe(told);
	*parent_pid = fork_clean();
	if (*parent_pid == 0) {
		close(hold[1]);
		if (reap[1] != hold[1])
			close(reap[1]);
		parent_main(hold[0], told[1], reap[0], code, signal_number);
	}
	assert_int_equal(read(told[0], &pid, sizeof(pid)), sizeof(pid));
	close(told[0]);
	close(told[1]);
	return pid;
}

#endif
