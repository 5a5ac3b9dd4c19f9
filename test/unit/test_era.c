/* test_era.c -- which boot, namespace and process 1 a number belongs to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/proc_stat.h"
#include "service/era.h"

#define MACHINE INT64_C(0xEFFFFFFC)

static const struct era container = {
	.boot_id = "boot",
	.pid_namespace = 4026532100,
	.time_namespace = 4026531834,
	.init_ticks = 5000,
};

static enum era_relation with(struct era recorded)
{
	return era_relate(&recorded, &container);
}

static void a_container_that_is_started_again_is_another_life(void **unused)
{
	struct era other = container;

	(void)unused;
	assert_int_equal(with(other), ERA_SAME);
	/* With the inode that is free again, as a rule. */
	other.init_ticks--;
	assert_int_equal(with(other), ERA_OVER);
	/* Or with the next one. */
	other.pid_namespace--;
	assert_int_equal(with(other), ERA_UNSEEN);
	other.boot_id[0] = 'B';
	assert_int_equal(with(other), ERA_OVER);
}

static void the_machine_outlives_its_containers(void **unused)
{
	struct era machine = container;

	(void)unused;
	machine.pid_namespace = MACHINE;
	machine.init_ticks = 1;
	assert_int_equal(with(machine), ERA_ELSEWHERE);
	assert_int_equal(era_relate(&machine, &machine), ERA_SAME);
	assert_int_equal(era_relate(&container, &machine), ERA_UNSEEN);
	/* Its process 1 isn't asked for. */
	assert_int_equal(era_relate(&(struct era){.boot_id = "boot",
						  .pid_namespace = MACHINE,
						  .init_ticks = 7},
				    &machine),
			 ERA_SAME);
}

static void what_is_not_known_tells_no_lives_apart(void **unused)
{
	struct era other = container;

	(void)unused;
	other.init_ticks = 0; /* as with hidepid */
	assert_int_equal(with(other), ERA_SAME);
	other.init_ticks = -1;
	assert_int_equal(with(other), ERA_SAME);
	/* A record of an earlier version. */
	other = (struct era){.boot_id = "boot"};
	assert_int_equal(with(other), ERA_SAME);
	assert_true(era_has_same_clock(&other, &container));
}

static void start_times_of_another_clock_are_not_compared(void **unused)
{
	struct era other = container;

	(void)unused;
	assert_true(era_has_same_clock(&other, &container));
	other.time_namespace++;
	other.init_ticks += 100000;
	assert_false(era_has_same_clock(&other, &container));
	assert_int_equal(with(other), ERA_SAME);
}

static void the_own_life_is_known(void **unused)
{
	struct era one, other;

	(void)unused;
	memset(&one, 'x', sizeof(one));
	memset(&other, 'y', sizeof(other));
	era_read(&one);
	era_read(&other);
	assert_string_equal(one.boot_id, other.boot_id);
	assert_int_equal(one.pid_namespace, other.pid_namespace);
	assert_int_equal(one.time_namespace, other.time_namespace);
	assert_int_equal(one.init_ticks, other.init_ticks);
	assert_int_equal(era_relate(&one, &other), ERA_SAME);
	assert_true(strlen(one.boot_id) == BOOT_ID_SIZE - 1 ||
		    !era_is_known(&one));
	assert_null(strpbrk(one.boot_id, " \n="));
}

/* Where there are none to be had, there is nothing to be found. */
static void one_below_is_found_while_it_lives(void **unused)
{
	struct eras eras;
	struct era below;
	struct proc_stat stat;

	(void)unused;
	eras_begin(&eras);
	below = eras.own;
	below.pid_namespace++; /* nobody's */
	if (eras.own.pid_namespace == 0 || below.pid_namespace == MACHINE ||
	    !proc_stat_read_own(&stat))
		skip();
	assert_int_equal(eras_relate(&eras, &below), ERA_OVER);
	assert_int_equal(eras_relate(&eras, &eras.own), ERA_SAME);
	/* It is ours that is found, when it is taken for another. */
	below = eras.own;
	below.init_ticks = stat.start_ticks;
	eras.own.pid_namespace++;
	if (below.pid_namespace != MACHINE)
		assert_int_equal(eras_relate(&eras, &below), ERA_ELSEWHERE);
	below.init_ticks = 1; /* one that had its inode before */
	if (below.pid_namespace != MACHINE && stat.start_ticks != 1)
		assert_int_equal(eras_relate(&eras, &below), ERA_OVER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_container_that_is_started_again_is_another_life),
		cmocka_unit_test(the_machine_outlives_its_containers),
		cmocka_unit_test(what_is_not_known_tells_no_lives_apart),
		cmocka_unit_test(start_times_of_another_clock_are_not_compared),
		cmocka_unit_test(the_own_life_is_known),
		cmocka_unit_test(one_below_is_found_while_it_lives),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
