/* test_identity.c -- which process, beyond doubt. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "dir_fixture.h"
#include "service/identity.h"

static struct identity identity_of(pid_t pid)
{
	struct identity identity = {.pid = pid};

	identity.start_ticks = identity_start_ticks(pid);
	era_read(&identity.era);
	return identity;
}

static bool is_alive(const struct identity *identity)
{
	struct era own;

	era_read(&own);
	return identity_is_alive(identity, &own);
}

/* Where the system tells no start times or boots, nothing can be proved. */
static struct identity identity_of_self(void)
{
	struct identity self = identity_of(getpid());

	if (!identity_is_provable(&self))
		skip();
	return self;
}

/* A child that ends when the other end of its pipe is closed. */
static pid_t start_child(int *hold_fd)
{
	int ends[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		close(ends[1]);
		_exit(read(ends[0], &byte, 1) == 0 ? 0 : 1);
	}
	close(ends[0]);
	*hold_fd = ends[1];
	return pid;
}

static void a_process_that_runs_is_alive(void **unused)
{
	struct identity self = identity_of_self();

	(void)unused;
	assert_true(is_alive(&self));
	/* However often it is asked. */
	assert_true(is_alive(&self));
	assert_int_equal(identity_start_ticks(getpid()), self.start_ticks);
}

static void a_child_is_alive_until_it_is_reaped(void **unused)
{
	struct identity child;
	siginfo_t info;
	int hold_fd;

	(void)unused;
	identity_of_self();
	child = identity_of(start_child(&hold_fd));
	assert_true(is_alive(&child));
	close(hold_fd);
	assert_int_equal(
		waitid(P_PID, (id_t)child.pid, &info, WEXITED | WNOWAIT), 0);
	assert_true(is_alive(&child)); /* a zombie still has its number */
	assert_int_equal(waitpid((pid_t)child.pid, NULL, 0), child.pid);
	assert_false(is_alive(&child));
	assert_int_equal(identity_start_ticks(child.pid), -1);
}

static void another_with_the_same_number_is_not_it(void **unused)
{
	struct identity other = identity_of_self();

	(void)unused;
	other.start_ticks++;
	assert_false(is_alive(&other));
	other.start_ticks -= 2;
	assert_false(is_alive(&other));
}

static void one_of_another_boot_is_not_it(void **unused)
{
	struct identity self = identity_of_self();

	(void)unused;
	self.era.boot_id[0] ^= 1;
	assert_false(is_alive(&self));
	self.era.boot_id[0] = '\0';
	assert_false(is_alive(&self));
}

static void what_cannot_be_proved_is_not_taken_for_alive(void **unused)
{
	/* Each of them a number that kill(2) has a meaning for. */
	static const int64_t pids[] = {0,
				       -1,
				       INT64_MIN,
				       INT64_MAX,
				       1,
				       INT64_C(0x100000000),
				       INT64_C(0xffffffff)};
	struct identity self = identity_of_self(), other;

	(void)unused;
	for (size_t i = 0; i < sizeof(pids) / sizeof(pids[0]); i++) {
		other = self;
		other.pid = pids[i];
		assert_false(is_alive(&other));
	}
	/* The low half of it is ours. */
	other = self;
	other.pid = self.pid | INT64_C(0x100000000);
	assert_false(is_alive(&other));
	other = self;
	for (other.start_ticks = -1; other.start_ticks <= 0;
	     other.start_ticks++) {
		assert_false(identity_is_provable(&other));
		assert_false(is_alive(&other));
	}
	/* Two systems that don't know their boots may be different ones. */
	other = self;
	strcpy(other.era.boot_id, "unknown");
	assert_false(identity_is_provable(&other));
	assert_false(identity_is_alive(&other, &other.era));
}

/* The name stands before the start time, and may look like what follows it. */
static void any_process_name_will_do(void **unused)
{
	static const char *const names[] = {
		"a b", ")", "(", ") S 1 2 3", "x) R 1 (y", "  ", "a\nb"};
	struct identity self = identity_of_self();
	int64_t least = identity_start_ticks(getppid());

	(void)unused;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int fd = open("/proc/self/comm", O_WRONLY | O_CLOEXEC);

		if (fd == -1)
			skip();
		assert_true(write(fd, names[i], strlen(names[i])) > 0);
		close(fd);
		assert_int_equal(identity_start_ticks(getpid()),
				 self.start_ticks);
		assert_true(is_alive(&self));
	}
	assert_true(self.start_ticks >= least);
}

/* clang-format off */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_that_runs_is_alive),
		cmocka_unit_test(a_child_is_alive_until_it_is_reaped),
		cmocka_unit_test(another_with_the_same_number_is_not_it),
		cmocka_unit_test(one_of_another_boot_is_not_it),
		cmocka_unit_test(what_cannot_be_proved_is_not_taken_for_alive),
		cmocka_unit_test(any_process_name_will_do),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
/* clang-format on */
