/* test_self.c -- what a process learns about itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/self.h"

static void folder_is_that_of_the_running_program(void **unused)
{
	const char *root = getenv("BUILD_ROOT");
	char folder[4096];

	(void)unused;
	if (self_folder(folder, sizeof(folder)) == -1 && errno == ENOSYS)
		skip();
	if (!root) {
		skip();
		return; /* for readers that do not know that skip() does not */
	}
	assert_int_equal(strncmp(folder, root, strlen(root)), 0);
	assert_string_equal(folder + strlen(root), "/test");
}

static void folder_that_does_not_fit_is_refused(void **unused)
{
	char folder[4096], small[4];

	(void)unused;
	if (self_folder(folder, sizeof(folder)) == -1 && errno == ENOSYS)
		skip();
	assert_int_equal(self_folder(small, sizeof(small)), -1);
	assert_int_equal(errno, ENAMETOOLONG);
}

static void orphans_come_to_the_adopter(void **unused)
{
	int pipe_fds[2];
	pid_t child, orphan = 0;
	char go = 'g';

	(void)unused;
	if (self_adopt_orphans() == -1 && errno == ENOSYS)
		skip();
	assert_int_equal(pipe(pipe_fds), 0);
	child = fork();
	if (child == 0) {
		orphan = fork();
		if (orphan == 0) {
			/* Ends when the test closed its end. */
			close(pipe_fds[1]);
			_exit(read(pipe_fds[0], &go, 1) == 0 ? 7 : 1);
		}
		_exit(0);
	}
	assert_int_equal(waitpid(child, NULL, 0), child);
	close(pipe_fds[1]);
	orphan = waitpid(-1, &pipe_fds[1], 0);
	assert_true(orphan > 0);
	assert_int_equal(WEXITSTATUS(pipe_fds[1]), 7);
	close(pipe_fds[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(folder_is_that_of_the_running_program),
		cmocka_unit_test(folder_that_does_not_fit_is_refused),
		cmocka_unit_test(orphans_come_to_the_adopter),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
