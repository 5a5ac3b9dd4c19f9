/* test_env.c -- an environment keeps one entry a name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/env.h"

static char *const some[] = {"A=1", "B=2", "A=3", "AB=4", NULL};

static struct env env_of(char *const envp[])
{
	struct env env;

	assert_int_equal(env_start(&env, envp), 0);
	return env;
}

/* Checks for exactly these entries, in this order; then frees. */
static void assert_entries(struct env *env, const char *const wanted[])
{
	size_t i = 0;

	for (; wanted[i]; i++) {
		assert_non_null(env->entries[i]);
		assert_string_equal(env->entries[i], wanted[i]);
	}
	assert_null(env->entries[i]);
	assert_int_equal(env->count, i);
	env_free(env);
	assert_null(env->entries);
}

static void start_takes_all_as_they_are(void **unused)
{
	char *const odd[] = {"no equals sign", "=", "=x", NULL};
	char *const none[] = {NULL};
	struct env env;

	(void)unused;
	env = env_of(some);
	assert_entries(&env,
		       (const char *[]){"A=1", "B=2", "A=3", "AB=4", NULL});
	env = env_of(odd);
	assert_entries(&env,
		       (const char *[]){"no equals sign", "=", "=x", NULL});
	env = env_of(none);
	assert_entries(&env, (const char *[]){NULL});
}

static void setting_replaces_every_entry_of_the_name(void **unused)
{
	struct env env = env_of(some);

	(void)unused;
	assert_int_equal(env_set(&env, "A", "new"), 0);
	assert_entries(&env, (const char *[]){"B=2", "AB=4", "A=new", NULL});
}

static void removing_takes_every_entry_of_the_name(void **unused)
{
	struct env env = env_of(some);

	(void)unused;
	assert_int_equal(env_set(&env, "A", NULL), 0);
	assert_int_equal(env_set(&env, "absent", NULL), 0);
	assert_entries(&env, (const char *[]){"B=2", "AB=4", NULL});
}

static void what_was_set_can_be_set_again_and_removed(void **unused)
{
	struct env env = env_of(some);

	(void)unused;
	assert_int_equal(env_set(&env, "X", "1"), 0);
	assert_int_equal(env_set(&env, "Y", ""), 0);
	assert_int_equal(env_set(&env, "X", "2"), 0);
	assert_int_equal(env_set(&env, "B", NULL), 0);
	assert_int_equal(env_set(&env, "A", NULL), 0);
	assert_entries(&env, (const char *[]){"AB=4", "Y=", "X=2", NULL});
}

/* Source: the 0.76 specification, 4.1. */
static void a_name_with_an_equals_sign_is_split_there(void **unused)
{
	struct env env = env_of(some);

	(void)unused;
	assert_int_equal(env_set(&env, "A=B", "c"), 0);
	assert_entries(&env, (const char *[]){"B=2", "AB=4", "A=B=c", NULL});
	env = env_of(some);
	assert_int_equal(env_set(&env, "A=B", NULL), 0);
	assert_entries(&env, (const char *[]){"B=2", "AB=4", "A=B", NULL});
	env = env_of(some);
	assert_int_equal(env_set(&env, "=", NULL), 0);
	assert_int_equal(env_set(&env, "=", NULL), 0);
	assert_entries(
		&env, (const char *[]){"A=1", "B=2", "A=3", "AB=4", "=", NULL});
}

static void many_entries_fit(void **unused)
{
	enum { MANY = 1000 };
	struct env env = env_of(some);
	char name[16];

	(void)unused;
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "N%d", i);
		assert_int_equal(env_set(&env, name, "x"), 0);
	}
	assert_int_equal(env.count, 4 + MANY);
	assert_string_equal(env.entries[4 + MANY - 1], "N999=x");
	assert_null(env.entries[4 + MANY]);
	env_free(&env);
}

static void a_large_environment_fits_from_the_start(void **unused)
{
	char *many[1001];
	struct env env;

	(void)unused;
	for (size_t i = 0; i < 1000; i++)
		many[i] = "A=1";
	many[1000] = NULL;
	env = env_of(many);
	assert_true(env.room > 1000);
	assert_int_equal(env_set(&env, "B", "2"), 0);
	assert_int_equal(env_set(&env, "A", NULL), 0);
	assert_entries(&env, (const char *[]){"B=2", NULL});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(start_takes_all_as_they_are),
		cmocka_unit_test(setting_replaces_every_entry_of_the_name),
		cmocka_unit_test(removing_takes_every_entry_of_the_name),
		cmocka_unit_test(what_was_set_can_be_set_again_and_removed),
		cmocka_unit_test(a_name_with_an_equals_sign_is_split_there),
		cmocka_unit_test(many_entries_fit),
		cmocka_unit_test(a_large_environment_fits_from_the_start),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
