/*
 * test_survey.c -- the critical path of a start, from surveys made by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "client/survey.h"

#define MOST 6

struct made {
	struct survey survey;
	struct survey_service services[MOST];
	struct survey_edge edges[MOST][MOST];
	size_t path[MOST];
};

static void begin(struct made *made, size_t count)
{
	*made = (struct made){.survey = {made->services, count}};
	for (size_t i = 0; i < count; i++) {
		made->services[i].edges = made->edges[i];
		made->services[i].began_ns = SURVEY_NEVER;
		made->services[i].ready_ns = SURVEY_NEVER;
	}
}

static void times(struct made *made, size_t i, int64_t began_ns,
		  int64_t ready_ns)
{
	made->services[i].began_ns = began_ns;
	made->services[i].ready_ns = ready_ns;
}

static void edge(struct made *made, size_t from, size_t to,
		 enum graph_kind kind)
{
	struct survey_service *service = &made->services[from];

	made->edges[from][service->edge_count++] =
		(struct survey_edge){to, kind};
	service->is_bundle |= kind == GRAPH_CONTAINS;
}

static size_t find(struct made *made)
{
	return survey_critical_path(&made->survey, made->path);
}

static void nothing_ready_has_no_path(void **unused)
{
	struct made made;

	(void)unused;
	begin(&made, 0);
	assert_int_equal(find(&made), 0);
	begin(&made, 2);
	edge(&made, 0, 1, GRAPH_NEEDS);
	times(&made, 0, 5, SURVEY_NEVER);
	assert_int_equal(find(&made), 0);
}

/* 0 needs 1 and 2; 1 was ready last. 3 has nothing to do with it. */
static void it_follows_what_was_waited_for_longest(void **unused)
{
	struct made made;

	(void)unused;
	begin(&made, 5);
	edge(&made, 0, 1, GRAPH_NEEDS);
	edge(&made, 0, 2, GRAPH_AFTER);
	edge(&made, 1, 4, GRAPH_WANTS);
	times(&made, 4, 0, 10);
	times(&made, 1, 10, 30);
	times(&made, 2, 0, 29);
	times(&made, 0, 30, 40);
	times(&made, 3, 0, 39);
	assert_int_equal(find(&made), 3);
	assert_int_equal(made.path[0], 4);
	assert_int_equal(made.path[1], 1);
	assert_int_equal(made.path[2], 0);
}

/* 1 was restarted after the start of 0, which didn't wait for that. */
static void what_was_ready_later_was_not_waited_for(void **unused)
{
	struct made made;

	(void)unused;
	begin(&made, 3);
	edge(&made, 0, 1, GRAPH_NEEDS);
	edge(&made, 0, 2, GRAPH_NEEDS);
	times(&made, 2, 0, 10);
	times(&made, 0, 20, 90);
	times(&made, 1, 50, 60);
	assert_int_equal(find(&made), 2);
	assert_int_equal(made.path[0], 2);
	assert_int_equal(made.path[1], 0);
}

/* 0 needs the bundle 1 of 2 and 3; and bundles may contain each other. */
static void it_goes_through_bundles(void **unused)
{
	struct made made;

	(void)unused;
	begin(&made, 5);
	edge(&made, 0, 1, GRAPH_NEEDS);
	edge(&made, 1, 2, GRAPH_CONTAINS);
	edge(&made, 1, 4, GRAPH_CONTAINS);
	edge(&made, 4, 1, GRAPH_CONTAINS);
	edge(&made, 4, 3, GRAPH_CONTAINS);
	times(&made, 2, 0, 10);
	times(&made, 3, 0, 20);
	times(&made, 0, 20, 21);
	assert_int_equal(find(&made), 2);
	assert_int_equal(made.path[0], 3);
	assert_int_equal(made.path[1], 0);
}

static void a_circle_at_one_moment_comes_to_an_end(void **unused)
{
	struct made made;

	(void)unused;
	begin(&made, 2);
	edge(&made, 0, 1, GRAPH_AFTER);
	edge(&made, 1, 0, GRAPH_AFTER);
	times(&made, 0, 7, 7);
	times(&made, 1, 7, 7);
	assert_int_equal(find(&made), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_ready_has_no_path),
		cmocka_unit_test(it_follows_what_was_waited_for_longest),
		cmocka_unit_test(what_was_ready_later_was_not_waited_for),
		cmocka_unit_test(it_goes_through_bundles),
		cmocka_unit_test(a_circle_at_one_moment_comes_to_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
