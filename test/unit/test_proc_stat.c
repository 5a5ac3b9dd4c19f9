/* test_proc_stat.c -- fields are found whatever a process calls itself. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/proc_stat.h"

/* 52 fields, of which each number is its own but for the three of interest. */
static void compose(char *text, size_t size_bytes, const char *name,
		    int field_count)
{
	int len = snprintf(text, size_bytes, "7 (%s)", name);

	for (int field = 3; field <= field_count; field++) {
		if (field == 3)
			len += snprintf(text + len, size_bytes - (size_t)len,
					" Z");
		else
			len += snprintf(text + len, size_bytes - (size_t)len,
					" %d", field * 1000);
	}
	snprintf(text + len, size_bytes - (size_t)len, "\n");
}

static void names_do_not_shift_fields(void **unused)
{
	static const char *const names[] = {
		"sh", "", " ", "a b", ")", "))", ") R 1 2", "(", "x) Z (y",
	};
	struct proc_stat stat;
	char text[1024];

	(void)unused;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		compose(text, sizeof(text), names[i], 52);
		assert_true(proc_stat_parse(text, &stat));
		assert_int_equal(stat.state, 'Z');
		assert_int_equal(stat.start_ticks, 22000);
		assert_int_equal(stat.exit_status, 52000);
	}
}

static void text_that_is_cut_is_refused(void **unused)
{
	struct proc_stat stat;
	char text[1024];

	(void)unused;
	compose(text, sizeof(text), "sh", 51);
	assert_true(proc_stat_parse(text, &stat)); /* Linux before 3.5 */
	assert_int_equal(stat.exit_status, -1);
	for (int count = 2; count < 22; count++) {
		compose(text, sizeof(text), "sh", count);
		assert_false(proc_stat_parse(text, &stat));
	}
	assert_false(proc_stat_parse("", &stat));
	assert_false(proc_stat_parse(")", &stat));
	assert_false(proc_stat_parse("7 (sh", &stat));
}

/* As it was read when the process ended in between. */
static void every_prefix_is_survived(void **unused)
{
	struct proc_stat stat;
	char text[1024];

	(void)unused;
	compose(text, sizeof(text), "a) b", 52);
	for (size_t len = strlen(text); len-- > 0;) {
		text[len] = '\0';
		if (proc_stat_parse(text, &stat))
			assert_true(stat.start_ticks >= 0);
	}
}

static void the_living_and_the_dead_are_told(void **unused)
{
	struct proc_stat stat;
	int64_t start_ticks;
	siginfo_t info;
	pid_t pid;

	(void)unused;
	if (access("/proc/self/stat", R_OK) == -1)
		skip();
	assert_true(proc_stat_read(getpid(), &stat));
	assert_int_equal(stat.state, 'R');
	start_ticks = stat.start_ticks;
	pid = fork();
	if (pid == 0)
		_exit(3);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_true(proc_stat_read(pid, &stat));
	assert_int_equal(stat.state, 'Z');
	assert_true(stat.start_ticks >= start_ticks);
	if (geteuid() == 0)
		assert_int_equal(stat.exit_status, 3 << 8);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_false(proc_stat_read(pid, &stat));
	assert_false(proc_stat_read(-1, &stat));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_do_not_shift_fields),
		cmocka_unit_test(text_that_is_cut_is_refused),
		cmocka_unit_test(every_prefix_is_survived),
		cmocka_unit_test(the_living_and_the_dead_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
