/* test_spawn.c -- what is done with a start that leads to nothing. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/spawn.h"

#ifdef __linux__
#include <sys/ptrace.h>
#endif

static pid_t start_sleeper(void)
{
	pid_t pid = fork();

	assert_int_not_equal(pid, -1);
	if (pid != 0)
		return pid;
	alarm(60);
	for (;;)
		pause();
}

static void what_is_undone_has_ended_and_is_reaped(void **unused)
{
	struct spawned spawned = {.pid = start_sleeper(), .pidfd = -1};

	(void)unused;
	errno = ENOSPC;
	assert_int_equal(spawn_undo(&spawned), -1);
	assert_int_equal(errno, ENOSPC);
	assert_int_equal(waitpid(spawned.pid, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

#ifdef __linux__

/* A child that its parent can't reap before the tracer, another process, has
 * let it go: as good as one that sleeps in the kernel. */
static pid_t start_tracer(pid_t traced, int *ready_fd)
{
	int ends[2];
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid != 0) {
		close(ends[1]);
		*ready_fd = ends[0];
		return pid;
	}
	alarm(60);
	if (ptrace(PTRACE_SEIZE, traced, 0, 0) == -1 ||
	    write(ends[1], "", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static void one_that_does_not_end_is_not_waited_for(void **unused)
{
	struct spawned spawned = {.pid = start_sleeper(), .pidfd = -1};
	int ready_fd;
	pid_t tracer = start_tracer(spawned.pid, &ready_fd);
	char byte;
	bool can_trace = read(ready_fd, &byte, 1) == 1;

	(void)unused;
	close(ready_fd);
	if (can_trace) {
		alarm(30);
		spawn_undo(&spawned);
		alarm(0);
		assert_int_equal(waitpid(spawned.pid, NULL, WNOHANG), 0);
	}
	kill(tracer, SIGKILL);
	waitpid(tracer, NULL, 0);
	kill(spawned.pid, SIGKILL);
	assert_int_equal(waitpid(spawned.pid, NULL, 0), spawned.pid);
	if (!can_trace)
		skip();
}

#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_undone_has_ended_and_is_reaped),
#ifdef __linux__
		cmocka_unit_test(one_that_does_not_end_is_not_waited_for),
#endif
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
