/* test_claim.c -- what may be adopted: every cell of the table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "dir_fixture.h"
#include "engine/claim.h"

#define START 815

static const enum era_relation relations[] = {ERA_SAME, ERA_OVER,
					      ERA_ELSEWHERE};
static const int64_t found[] = {-1, 0, START, START + 1};

/* The number of facts that there are, and those of one number. */
#define CASES (3 * 4 * 64)

static struct claim_facts facts_of(unsigned number)
{
	return (struct claim_facts){
		.is_provable = number & 1,
		.is_trusted = number & 2,
		.has_same_clock = number & 4,
		.exists = number & 8,
		.is_at_home = number & 16,
		.is_zombie = number & 32,
		.start_ticks = START,
		.relation = relations[number / 64 % 3],
		.found_ticks = found[number / 192],
	};
}

/* What is adopted is signalled. */
static void only_what_is_certain_is_adopted(void **unused)
{
	unsigned alive = 0;

	(void)unused;
	for (unsigned i = 0; i < CASES; i++) {
		const struct claim_facts facts = facts_of(i);

		if (claim_decide(&facts) != CLAIM_ALIVE)
			continue;
		alive++;
		assert_true(facts.is_provable && facts.is_trusted);
		assert_true(facts.exists && facts.has_same_clock);
		assert_int_equal(facts.relation, ERA_SAME);
		assert_int_equal(facts.found_ticks, facts.start_ticks);
	}
	/* At home or not, a zombie or not. */
	assert_int_equal(alive, 4);
}

/* For what has ended, another is started. */
static void only_what_is_known_to_have_ended_is_dead(void **unused)
{
	(void)unused;
	for (unsigned i = 0; i < CASES; i++) {
		const struct claim_facts facts = facts_of(i);
		bool is_another = facts.found_ticks > 0 &&
				  facts.found_ticks != facts.start_ticks &&
				  facts.has_same_clock;

		if (claim_decide(&facts) != CLAIM_DEAD || !facts.is_provable)
			continue;
		assert_int_not_equal(facts.relation, ERA_ELSEWHERE);
		if (!facts.exists || facts.is_zombie)
			continue;
		assert_true(is_another || facts.relation == ERA_OVER);
		assert_false(facts.is_at_home);
	}
}

static void each_verdict_has_its_case(void **unused)
{
	static const struct {
		struct claim_facts facts;
		enum claim_verdict verdict;
	} cases[] = {
		/* The user who owns supervise/ wrote another's number there. */
		{{true, false, ERA_SAME, true, START, true, false, START,
		  false},
		 CLAIM_DOUBTED},
		/* hidepid */
		{{true, true, ERA_SAME, true, START, true, false, 0, false},
		 CLAIM_UNSEEN},
		/* Shifted, or not: in another time namespace nobody knows. */
		{{true, true, ERA_SAME, false, START, true, false, START,
		  false},
		 CLAIM_UNSEEN},
		{{true, true, ERA_SAME, false, START, true, true, START, false},
		 CLAIM_DEAD},
		{{true, true, ERA_SAME, true, START, true, false, START + 1,
		  true},
		 CLAIM_RESTORED},
		{{true, true, ERA_OVER, true, START, true, false, START + 1,
		  true},
		 CLAIM_RESTORED},
		/* Nobody can tell who has that number there. */
		{{true, true, ERA_ELSEWHERE, true, START, false, false, 0,
		  false},
		 CLAIM_ELSEWHERE},
		/* Its number, and by chance its start, in the next container.
		 */
		{{true, true, ERA_OVER, true, START, true, false, START, false},
		 CLAIM_DEAD},
		/* It holds the lock, or has ended. */
		{{false, true, ERA_SAME, true, -1, true, false, START, false},
		 CLAIM_DEAD},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(claim_decide(&cases[i].facts),
				 cases[i].verdict);
}

/* ---- of real processes ---- */

static struct eras own_eras(void)
{
	struct eras eras;

	eras_begin(&eras);
	if (!era_is_known(&eras.own) || identity_start_ticks(getpid()) == -1)
		skip();
	return eras;
}

static void a_child_is_judged_until_it_is_gone(void **state)
{
	const struct dir *dir = *state;
	struct eras eras = own_eras();
	struct identity identity = {.era = eras.own};
	siginfo_t info;
	int hold[2];

	assert_int_equal(pipe(hold), 0);
	identity.pid = fork();
	if (identity.pid == 0) {
		char byte;

		close(hold[1]);
		_exit(read(hold[0], &byte, 1) == 0 ? 0 : 1);
	}
	identity.start_ticks = identity_start_ticks(identity.pid);
	assert_int_equal(claim_judge(&identity, true, dir->fd, &eras),
			 CLAIM_ALIVE);
	assert_true(claim_holds(&identity));
	assert_int_equal(claim_judge(&identity, false, dir->fd, &eras),
			 CLAIM_DOUBTED);
	identity.start_ticks++;
	assert_int_equal(claim_judge(&identity, true, dir->fd, &eras),
			 CLAIM_DEAD);
	assert_false(claim_holds(&identity));
	identity.start_ticks--;
	close(hold[1]);
	assert_int_equal(
		waitid(P_PID, (id_t)identity.pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(claim_judge(&identity, true, dir->fd, &eras),
			 CLAIM_ALIVE); /* whoever reaps it knows how it ended */
	assert_int_equal(waitpid((pid_t)identity.pid, NULL, 0), identity.pid);
	assert_int_equal(claim_judge(&identity, true, dir->fd, &eras),
			 CLAIM_DEAD);
	close(hold[0]);
}

/* As CRIU leaves it: the number, the directory, and another start. */
static void what_was_there_before_is_not_another(void **state)
{
	const struct dir *dir = *state;
	struct eras eras = own_eras();
	struct identity identity = {.pid = getpid(), .era = eras.own};
	int before_fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	identity.start_ticks = identity_start_ticks(getpid()) - 1;
	assert_int_equal(claim_judge(&identity, true, dir->fd, &eras),
			 CLAIM_DEAD);
	assert_int_equal(fchdir(dir->fd), 0);
	assert_int_equal(claim_judge(&identity, true, dir->fd, &eras),
			 CLAIM_RESTORED);
	identity.era.boot_id[0] ^= 1; /* on another machine */
	assert_int_equal(claim_judge(&identity, true, dir->fd, &eras),
			 CLAIM_RESTORED);
	/* Started since: by ourselves, then. */
	eras.began_ticks = identity_start_ticks(getpid()) - 1;
	assert_int_equal(claim_judge(&identity, true, dir->fd, &eras),
			 CLAIM_DEAD);
	assert_int_equal(fchdir(before_fd), 0);
	close(before_fd);
}

static void nothing_is_said_to_run(void **state)
{
	const struct dir *dir = *state;
	struct eras eras = own_eras();
	struct identity identity = {.era = eras.own};

	assert_int_equal(claim_judge(&identity, true, dir->fd, &eras),
			 CLAIM_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_is_certain_is_adopted),
		cmocka_unit_test(only_what_is_known_to_have_ended_is_dead),
		cmocka_unit_test(each_verdict_has_its_case),
		dir_test(a_child_is_judged_until_it_is_gone),
		dir_test(what_was_there_before_is_not_another),
		dir_test(nothing_is_said_to_run),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
