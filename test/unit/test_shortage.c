/* test_shortage.c -- which lines of the kernel's log tell of which process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/shortage.h"

#define SECOND_NS INT64_C(1000000000)
#define REST      " (svscan) total-vm:412kB, anon-rss:56kB, oom_score_adj:0"

static void lines_that_tell(void **unused)
{
	static const char *const lines[] = {
		"<3>[ 1009.166322] Out of memory: Killed process 101" REST,
		"<3>[ 1009.166322] Memory cgroup out of memory: Killed process "
		"101" REST,
		"<3>[ 1009.166322] Out of memory (oom_kill_allocating_task): "
		"Killed process 101" REST,
		"<3>[ 1009.166322][  T101] Out of memory: Killed process "
		"101" REST,
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		assert_true(shortage_is_told(lines[i], 101, 0));
		assert_true(shortage_is_told(lines[i], 101, 1009 * SECOND_NS));
		assert_false(shortage_is_told(lines[i], 10, 0));
		assert_false(shortage_is_told(lines[i], 1010, 0));
		/* It had the number before. */
		assert_false(shortage_is_told(lines[i], 101, 1200 * SECOND_NS));
	}
}

static void others_do_not(void **unused)
{
	static const char *const lines[] = {
		"",
		": Killed process 101 (",
		/* No time, so it may be of another with that number. */
		"<3>Out of memory: Killed process 101" REST,
		/* Not the kernel's. */
		"<11>[   19.166322] Out of memory: Killed process 101" REST,
		"<3>[   19.166322] usb: Out of memory: Killed process 101" REST,
		"<3>[   19.166322] Out of memory: Killed process 101",
		"<3>[   19.166322] Out of memory: Killed process -101" REST,
		"<3>[   x9.166322] Out of memory: Killed process 101" REST,
		"<3>[99999999999999999999.1] Out of memory: Killed process "
		"101" REST,
		"[   19.166322] Out of memory: Killed process 101" REST,
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		if (shortage_is_told(lines[i], 101, 0))
			fail_msg("taken: %s", lines[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_that_tell),
		cmocka_unit_test(others_do_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
