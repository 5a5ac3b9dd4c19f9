/* test_proctree.c -- which processes are a service's, and what they use. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/strb.h"
#include "random.h"
#include "view/proctree.h"

#define MOST 300

/* What proctree_list() finds; NULL: what there really is. */
static const struct process *faked;
static size_t faked_count;
static bool fails;

int __real_proctree_list(struct proctree *tree);
int __wrap_proctree_list(struct proctree *tree);

int __wrap_proctree_list(struct proctree *tree)
{
	if (!faked)
		return __real_proctree_list(tree);
	for (size_t i = 0; i < faked_count; i++) {
		struct process *process = proctree_add(tree);

		assert_non_null(process);
		*process = faked[i];
	}
	errno = EMFILE;
	return fails ? -1 : 0;
}

static void take(struct proctree *tree, const struct process *processes,
		 size_t count)
{
	faked = processes;
	faked_count = count;
	fails = false;
	assert_int_equal(proctree_take(tree), 0);
}

static void add_shown(void *owner, const struct process *process,
		      unsigned depth)
{
	strb_add_format(owner, "%u:%d ", depth, (int)process->pid);
}

static void expect(struct proctree *tree, int64_t pid, const char *expected)
{
	char room[512];
	struct strb text = strb_on(room, sizeof(room));

	proctree_each(tree, pid, add_shown, &text);
	assert_string_equal(room, expected);
}

/* By pid in no order, as readdir(3) gives them. */
static const struct process family[] = {
	{.pid = 30, .parent_pid = 20, .session_pid = 20, .memory_bytes = 4},
	{.pid = 1, .parent_pid = 0, .session_pid = 1, .memory_bytes = 1000},
	{.pid = 20, .parent_pid = 1, .session_pid = 20, .memory_bytes = 1},
	/* Went into the background, but stayed in the session. */
	{.pid = 40, .parent_pid = 1, .session_pid = 20, .memory_bytes = 8},
	/* A session of its own, and still a descendant; its child. */
	{.pid = 25, .parent_pid = 20, .session_pid = 25, .memory_bytes = 2},
	{.pid = 26, .parent_pid = 25, .session_pid = 25, .cpu_ms = 70},
	/* Somebody else's. */
	{.pid = 21, .parent_pid = 1, .session_pid = 21, .memory_bytes = 100},
	{.pid = 41, .parent_pid = 40, .session_pid = 20, .cpu_ms = 7},
};

#define FAMILY_COUNT (sizeof(family) / sizeof(family[0]))

static void descendants_and_the_session_are_the_service(void **unused)
{
	struct proctree tree;
	struct usage usage;

	(void)unused;
	take(&tree, family, FAMILY_COUNT);
	expect(&tree, 20, "0:20 1:25 2:26 1:30 1:40 2:41 ");
	expect(&tree, 25, "0:25 1:26 ");
	expect(&tree, 21, "0:21 ");
	usage = proctree_usage(&tree, 20);
	assert_int_equal(usage.process_count, 6);
	assert_int_equal(usage.memory_bytes, 1 + 2 + 4 + 8);
	assert_int_equal(usage.cpu_ms, 77);
	/* Asked again it is the same. */
	assert_int_equal(proctree_usage(&tree, 20).process_count, 6);
	proctree_free(&tree);
}

static void what_is_not_there_uses_nothing(void **unused)
{
	struct proctree tree;

	(void)unused;
	take(&tree, family, FAMILY_COUNT);
	for (int64_t pid = -1; pid < 50; pid++) {
		const struct process *found = proctree_find(&tree, pid);

		assert_true(!found || found->pid == pid);
		assert_int_equal(proctree_usage(&tree, pid).process_count > 0,
				 found != NULL);
	}
	proctree_free(&tree);
	take(&tree, family, 0);
	assert_null(proctree_find(&tree, 1));
	expect(&tree, 1, "");
	proctree_free(&tree);
}

/* Numbers are given away again while /proc is read. */
static void a_circle_is_walked_once(void **unused)
{
	static const struct process circle[] = {
		{.pid = 2, .parent_pid = 4, .session_pid = 2},
		{.pid = 3, .parent_pid = 2, .session_pid = 2},
		{.pid = 4, .parent_pid = 3, .session_pid = 2},
		{.pid = 5, .parent_pid = 5, .session_pid = 5},
	};
	struct proctree tree;

	(void)unused;
	take(&tree, circle, 4);
	expect(&tree, 2, "0:2 1:3 2:4 ");
	expect(&tree, 5, "0:5 ");
	proctree_free(&tree);
}

/* Each of the service's, and no other, once, its parent before it. */
static void every_process_has_its_place(void **unused)
{
	static struct process made[MOST];
	uint32_t seed = 7;

	(void)unused;
	for (int round = 0; round < 50; round++) {
		struct proctree tree;
		size_t count = 1 + next_random(&seed) % MOST, in_all = 0;

		for (size_t i = 0; i < count; i++) {
			size_t parent = i == 0 ? 0 : next_random(&seed) % i;

			/* All below the first; the others end up shuffled. */
			made[i] = (struct process){
				.pid = (int64_t)(i * 7 % 1009) + 1,
				.parent_pid = i == 0 ? 0 : made[parent].pid,
				.session_pid = 5000,
				.memory_bytes = 1};
		}
		take(&tree, made, count);
		assert_int_equal(tree.count, count);
		for (size_t i = 1; i < count; i++) {
			assert_true(tree.all[i - 1].pid < tree.all[i].pid);
			in_all += tree.all[i].memory_bytes == 1;
		}
		assert_int_equal(in_all, count - 1);
		if (count < 30) /* no deeper than is shown */
			assert_int_equal(
				proctree_usage(&tree, made[0].pid).memory_bytes,
				count);
		proctree_free(&tree);
	}
}

static void a_failure_leaves_nothing(void **unused)
{
	struct proctree tree;

	(void)unused;
	faked = family;
	faked_count = FAMILY_COUNT;
	fails = true;
	assert_int_equal(proctree_take(&tree), -1);
	assert_int_equal(errno, EMFILE);
	assert_int_equal(tree.count, 0);
	assert_int_equal(proctree_usage(&tree, 20).process_count, 0);
}

#ifdef __linux__
/* The kernel's word: we, and a child in a session of its own, whose name is as
 * bad as names get. */
static void proc_is_read(void **unused)
{
	static const char name[] = "a) R 1 (b";
	struct proctree tree;
	const struct process *child, *self;
	int ready[2], end[2];
	char byte = 'x';
	pid_t pid;

	(void)unused;
	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(end), 0);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		FILE *comm = fopen("/proc/self/comm", "w");

		setsid();
		if (!comm || fputs(name, comm) == EOF || fclose(comm) == EOF)
			_exit(1);
		close(end[1]);
		if (write(ready[1], &byte, 1) == 1)
			(void)!read(end[0], &byte, 1);
		_exit(0);
	}
	close(end[0]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	faked = NULL;
	assert_int_equal(proctree_take(&tree), 0);
	self = proctree_find(&tree, getpid());
	child = proctree_find(&tree, pid);
	assert_non_null(self);
	assert_non_null(child);
	assert_string_equal(child->name, name);
	assert_int_equal(child->parent_pid, getpid());
	assert_int_equal(child->session_pid, pid);
	assert_int_equal(self->session_pid, getsid(0));
	assert_true(self->memory_bytes > 0 && child->memory_bytes > 0);
	assert_int_equal(proctree_usage(&tree, getpid()).process_count, 2);
	proctree_free(&tree);
	close(end[1]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(ready[0]);
	close(ready[1]);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(descendants_and_the_session_are_the_service),
		cmocka_unit_test(what_is_not_there_uses_nothing),
		cmocka_unit_test(a_circle_is_walked_once),
		cmocka_unit_test(every_process_has_its_place),
		cmocka_unit_test(a_failure_leaves_nothing),
#ifdef __linux__
		cmocka_unit_test(proc_is_read),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
