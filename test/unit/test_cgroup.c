/* test_cgroup.c -- where cgroups are, as the kernel writes it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/cgroup.h"

static void check(const char *line, const char *place)
{
	char room[CGROUP_PATH_SIZE];
	struct strb path = strb_on(room, sizeof(room));

	assert_int_equal(cgroup_add_mount(&path, line), place != NULL);
	assert_string_equal(room, place ? place : "");
}

static void the_place_of_a_mount_is_decoded(void **unused)
{
	(void)unused;
	check("25 24 0:22 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw\n",
	      "/sys/fs/cgroup");
	/* It was taken as it is, and nothing was found there. */
	check("25 24 0:22 / /my\\040own\\011\\134x rw - cgroup2 none rw\n",
	      "/my own\t\\x");
	check("25 24 0:22 / /a\\04 rw - cgroup2 none rw\n", "/a\\04");
	check("25 24 0:22 / /sys rw - sysfs sysfs rw\n", NULL);
	check("25 24 - cgroup2 ", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_place_of_a_mount_is_decoded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
