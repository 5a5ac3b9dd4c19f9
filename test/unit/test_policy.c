/* test_policy.c -- when a service starts again, and when it has had enough. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "random.h"
#include "service/policy.h"

#define S_NS  INT64_C(1000000000)
#define MS_NS INT64_C(1000000)

/* ---- reading ---- */

struct reading {
	const char *line;
	struct policy policy;
	const char *wrong; /* what the message has in it; NULL: none */
};

/* clang-format off */
static const struct reading readings[] = {
	{"always", {.when = POLICY_ALWAYS}, NULL},
	{"on-failure", {.when = POLICY_ON_FAILURE}, NULL},
	{"never", {.when = POLICY_NEVER}, NULL},
	{"  never\t", {.when = POLICY_NEVER}, NULL},
	{"always delay=1s backoff=2 max-delay=60s limit=5/10s",
	 {.delay_ms = 1000, .backoff = 2, .max_delay_ms = 60000,
	  .limit_count = 5, .limit_span_ms = 10000}, NULL},
	{"on-failure limit=3/1m\tdelay=500ms",
	 {.when = POLICY_ON_FAILURE, .delay_ms = 500,
	  .limit_count = 3, .limit_span_ms = 60000}, NULL},
	{"always delay=2", {.delay_ms = 2000}, NULL},
	{"always delay=4294967295ms", {.delay_ms = UINT32_MAX}, NULL},
	{"always delay=4294967296ms", {.delay_ms = 0}, "\"delay=42949672"},
	{"always delay=1 delay=3", {.delay_ms = 3000}, NULL},
	{"", {.when = POLICY_ALWAYS}, "\"\" is not always"},
	{"a\033[2J\n", {.when = POLICY_ALWAYS}, "\"a?[2J?\" is not always"},
	{"always 0123456789012345678901234567890123456789x",
	 {.when = POLICY_ALWAYS},
	 "\"0123456789012345678901234567890123456789...\""},
	{"sometimes", {.when = POLICY_ALWAYS}, "\"sometimes\""},
	{"delay=1s", {.when = POLICY_ALWAYS}, "\"delay=1s\" is not always"},
	/* What is good on a bad line counts: never stays never. */
	{"never dealy=1s", {.when = POLICY_NEVER}, "\"dealy=1s\""},
	{"sometimes delay=1s", {.delay_ms = 1000}, "\"sometimes\""},
	{"never delay=x backoff=y", {.when = POLICY_NEVER}, "\"delay=x\""},
	{"always delay=", {.delay_ms = 0}, "\"delay=\""},
	{"always backoff=0", {.backoff = 0}, "\"backoff=0\""},
	{"always backoff=1001", {.backoff = 0}, "\"backoff=1001\""},
	{"always backoff=-2", {.backoff = 0}, "\"backoff=-2\""},
	{"always max-delay=soon", {.max_delay_ms = 0}, "\"max-delay=soon\""},
	{"always limit=5", {.limit_count = 0}, "\"limit=5\""},
	{"always limit=/10s", {.limit_count = 0}, "\"limit=/10s\""},
	{"always limit=0/10s", {.limit_count = 0}, "\"limit=0/10s\""},
	{"always limit=5/0s", {.limit_count = 0}, "\"limit=5/0s\""},
	{"always limit=5/10s/", {.limit_count = 0}, "\"limit=5/10s/\""},
	/* A service restarts at most once a second. */
	{"always limit=10/10s",
	 {.limit_count = 10, .limit_span_ms = 10000}, NULL},
	{"always limit=11/10s",
	 {.limit_count = 11, .limit_span_ms = 10000}, "no effect"},
	{"always delay=3s limit=4/10s",
	 {.delay_ms = 3000, .limit_count = 4, .limit_span_ms = 10000},
	 "at least 3s apart"},
	{"always limit=4294967295/1s",
	 {.limit_count = UINT32_MAX, .limit_span_ms = 1000}, "no effect"},
};
/* clang-format on */

static void assert_same_policy(const struct policy *a, const struct policy *b)
{
	assert_int_equal(a->when, b->when);
	assert_int_equal(a->delay_ms, b->delay_ms);
	assert_int_equal(a->backoff, b->backoff);
	assert_int_equal(a->max_delay_ms, b->max_delay_ms);
	assert_int_equal(a->limit_count, b->limit_count);
	assert_int_equal(a->limit_span_ms, b->limit_span_ms);
}

static void policies_are_read(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(readings) / sizeof(readings[0]); i++) {
		const struct reading *row = &readings[i];
		struct policy policy = {.when = POLICY_ALWAYS};
		char line[200], room[300];
		struct strb wrong = strb_on(room, sizeof(room));

		snprintf(line, sizeof(line), "%s", row->line);
		if (policy_parse(line, &policy, &wrong) != !row->wrong)
			fail_msg("\"%s\": %s", row->line, room);
		assert_same_policy(&policy, &row->policy);
		if (!strstr(room, row->wrong ? row->wrong : ""))
			fail_msg("\"%s\" gives: %s", row->line, room);
		assert_int_equal(wrong.len == 0, !row->wrong);
	}
}

static void what_follows_giving_up_is_read(void **unused)
{
	static const struct {
		const char *line;
		bool is_good, is_shutdown;
		int code;
	} rows[] = {
		{"nothing", true, false, 0},
		{" nothing ", true, false, 0},
		{"shutdown 0", true, true, 0},
		{"shutdown\t255", true, true, 255},
		{"", false, false, 0},
		{"shutdown", false, false, 0},
		{"shutdown 98", true, true, 98},
		{"shutdown 99", false, false, 0},
		{"shutdown 100", false, false, 0},
		{"shutdown 101", true, true, 101},
		{"shutdown 111", false, false, 0},
		{"shutdown 256", false, false, 0},
		{"shutdown -1", false, false, 0},
		{"shutdown 1 2", false, false, 0},
		{"nothing 1", false, false, 0},
		{"panic", false, false, 0},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct giving_up giving_up = {.is_shutdown = false};
		char line[100], room[200];
		struct strb wrong = strb_on(room, sizeof(room));

		snprintf(line, sizeof(line), "%s", rows[i].line);
		assert_int_equal(giving_up_parse(line, &giving_up, &wrong),
				 rows[i].is_good);
		assert_int_equal(giving_up.is_shutdown, rows[i].is_shutdown);
		assert_int_equal(giving_up.code, rows[i].code);
		assert_int_equal(wrong.len == 0, rows[i].is_good);
	}
}

/* ---- judging ---- */

static const struct policy_death ordinary = {
	.exit_code = 1, .lasted_ns = S_NS, .finish_code = -1};

/* The answer to every kind of death under every policy. */
static void every_death_gets_its_answer(void **unused)
{
	static const int codes[] = {-1, 0, 1, 99, 100, 125, 255};
	static const int finish_codes[] = {-1, 0, 100, 125};

	(void)unused;
	for (int i = 0; i < POLICY_WHEN_COUNT * 7 * 4 * 4; i++) {
		const struct policy policy = {
			.when = (enum policy_when)(i % POLICY_WHEN_COUNT)};
		int rest = i / POLICY_WHEN_COUNT;
		const struct policy_death death = {
			.exit_code = codes[rest % 7],
			.finish_code = finish_codes[rest / 7 % 4],
			.has_encore = (rest / 28 & 1) != 0,
			.was_asked_for = (rest / 28 & 2) != 0,
			.lasted_ns = S_NS};
		struct policy_memory memory = {.streak = 0};
		struct policy_verdict verdict =
			policy_judge(&policy, &memory, &death, 5 * S_NS);
		bool is_permanent =
			death.finish_code == 125 ||
			(!death.was_asked_for &&
			 ((death.exit_code == 100 && death.has_encore) ||
			  (policy.when == POLICY_NEVER &&
			   death.exit_code != 0)));
		enum policy_answer expected = POLICY_RESTART;

		if (is_permanent)
			expected = POLICY_GIVE_UP;
		else if (death.exit_code == 0 && !death.was_asked_for &&
			 policy.when != POLICY_ALWAYS)
			expected = POLICY_DONE;
		assert_int_equal(verdict.answer, expected);
		assert_int_equal(verdict.delay_ns, 0);
		assert_int_equal(verdict.why != NULL,
				 expected != POLICY_RESTART);
	}
}

static void delays_grow_up_to_the_most(void **unused)
{
	static const struct {
		struct policy policy;
		int64_t delays_ms[8];
	} rows[] = {
		{{.delay_ms = 0}, {0, 0, 0, 0, 0, 0, 0, 0}},
		{{.delay_ms = 700}, {700, 700, 700, 700, 700, 700, 700, 700}},
		{{.delay_ms = 700, .backoff = 1},
		 {700, 700, 700, 700, 700, 700, 700, 700}},
		{{.delay_ms = 1000, .backoff = 2, .max_delay_ms = 60000},
		 {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000}},
		/* Not said: from a second up to a minute. */
		{{.backoff = 3},
		 {1000, 3000, 9000, 27000, 60000, 60000, 60000, 60000}},
		{{.delay_ms = 90000, .backoff = 2},
		 {90000, 90000, 90000, 90000, 90000, 90000, 90000, 90000}},
		{{.delay_ms = 5000, .backoff = 2, .max_delay_ms = 1000},
		 {1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000}},
		{{.delay_ms = 1, .backoff = 1000, .max_delay_ms = UINT32_MAX},
		 {1, 1000, 1000000, 1000000000, UINT32_MAX, UINT32_MAX,
		  UINT32_MAX, UINT32_MAX}},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct policy_memory memory = {.streak = 0};

		for (int j = 0; j < 300; j++) {
			struct policy_verdict verdict =
				policy_judge(&rows[i].policy, &memory,
					     &ordinary, (j + 1) * S_NS);

			assert_int_equal(verdict.answer, POLICY_RESTART);
			assert_int_equal(verdict.delay_ns,
					 rows[i].delays_ms[j < 7 ? j : 7] *
						 MS_NS);
		}
	}
}

/* The machine holds a record for damaged that has it wait for longer. */
static void the_longest_delay_is_known(void **unused)
{
	uint32_t seed = 7;

	(void)unused;
	for (int i = 0; i < 20000; i++) {
		const struct policy policy = {
			.delay_ms =
				next_random(&seed) >> next_random(&seed) % 32,
			.backoff = next_random(&seed) % 4,
			.max_delay_ms = i % 2 == 0 ? 0 : next_random(&seed)};
		struct policy_memory memory = {.streak = 0};
		int64_t last_ns = 0;

		for (int j = 0; j < 70; j++)
			last_ns = policy_judge(&policy, &memory, &ordinary,
					       (j + 1) * S_NS)
					  .delay_ns;
		/* Delays that grow get there, others may begin below. */
		assert_true(last_ns <= policy_longest_ns(&policy));
		if (policy.backoff > 1 || policy.max_delay_ms == 0)
			assert_int_equal(last_ns, policy_longest_ns(&policy));
	}
}

static void a_healthy_period_makes_the_delay_short_again(void **unused)
{
	const struct policy policy = {.delay_ms = 1000, .backoff = 2};
	struct policy_memory memory = {.streak = 0};
	struct policy_death death = ordinary;

	(void)unused;
	for (int i = 0; i < 5; i++)
		policy_judge(&policy, &memory, &death, (i + 1) * S_NS);
	death.lasted_ns = POLICY_HEALTHY_MS * MS_NS - 1;
	assert_int_equal(
		policy_judge(&policy, &memory, &death, 60 * S_NS).delay_ns,
		32 * S_NS);
	/* Nor does what isn't known count as healthy. */
	death.lasted_ns = -1;
	assert_int_equal(
		policy_judge(&policy, &memory, &death, 61 * S_NS).delay_ns,
		60 * S_NS);
	death.lasted_ns = POLICY_HEALTHY_MS * MS_NS;
	assert_int_equal(
		policy_judge(&policy, &memory, &death, 90 * S_NS).delay_ns,
		S_NS);
}

/* How many restarts there are of a service that ends every `every_ns`. */
static int count_restarts(const struct policy *policy, int64_t every_ns,
			  int most)
{
	struct policy_memory memory = {.streak = 0};
	struct policy_death death = ordinary;

	death.lasted_ns = every_ns;
	for (int i = 0; i < most; i++) {
		int64_t now_ns = 1000 * S_NS + i * every_ns;

		if (policy_judge(policy, &memory, &death, now_ns).answer ==
		    POLICY_GIVE_UP) {
			assert_int_equal(memory.window_restarts, 0);
			return i;
		}
	}
	return most;
}

static void restarts_within_the_limit_go_on_for_ever(void **unused)
{
	const struct policy policy = {.limit_count = 5, .limit_span_ms = 10000};

	(void)unused;
	assert_int_equal(count_restarts(&policy, 0, 1000), 5);
	assert_int_equal(count_restarts(&policy, S_NS, 1000), 5);
	assert_int_equal(count_restarts(&policy, 2 * S_NS, 1000), 5);
	assert_int_equal(count_restarts(&policy, 2 * S_NS + 1, 1000), 1000);
	assert_int_equal(count_restarts(&policy, 9 * S_NS, 1000), 1000);
	for (uint32_t count = 1; count <= 60; count++) {
		const struct policy each = {.limit_count = count,
					    .limit_span_ms = 60000};

		assert_int_equal(count_restarts(&each, S_NS, 1000), count);
	}
}

static void who_asks_for_a_service_is_not_held_up_by_its_past(void **unused)
{
	const struct policy policy = {.delay_ms = 1000,
				      .backoff = 2,
				      .limit_count = 3,
				      .limit_span_ms = 60000};
	struct policy_memory memory = {.streak = 0};
	struct policy_death asked = ordinary;

	(void)unused;
	asked.was_asked_for = true;
	for (int i = 0; i < 3; i++)
		policy_judge(&policy, &memory, &ordinary, (i + 1) * S_NS);
	/* A restart by hand is no failure, and changes nothing. */
	assert_int_equal(
		policy_judge(&policy, &memory, &asked, 4 * S_NS).answer,
		POLICY_RESTART);
	assert_int_equal(memory.window_restarts, 3);
	policy_forgive(&memory);
	assert_int_equal(
		policy_judge(&policy, &memory, &ordinary, 5 * S_NS).delay_ns,
		S_NS);
	assert_int_equal(memory.window_restarts, 1);
}

/* The memory comes from a file that may be damaged. */
static void any_memory_gets_a_sound_answer(void **unused)
{
	static const int64_t numbers[] = {INT64_MIN, -1, 0,        1,
					  5,         64, S_NS * 9, INT64_MAX};
	uint32_t seed = 1;

	(void)unused;
	for (int i = 0; i < 100000; i++) {
		const struct policy policy = {
			.delay_ms = next_random(&seed),
			.backoff = next_random(&seed) % 1001,
			.max_delay_ms = next_random(&seed),
			.limit_count = next_random(&seed) % 3,
			.limit_span_ms = next_random(&seed)};
		struct policy_memory memory = {
			.streak = numbers[next_random(&seed) % 8],
			.window_restarts = numbers[next_random(&seed) % 8],
			.window_began_ns = numbers[next_random(&seed) % 8]};
		struct policy_verdict verdict =
			policy_judge(&policy, &memory, &ordinary,
				     numbers[2 + next_random(&seed) % 6]);

		assert_true(verdict.delay_ns >= 0);
		assert_true(verdict.delay_ns <= UINT32_MAX * MS_NS);
		assert_true(memory.streak >= 0 && memory.streak <= INT64_MAX);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policies_are_read),
		cmocka_unit_test(what_follows_giving_up_is_read),
		cmocka_unit_test(every_death_gets_its_answer),
		cmocka_unit_test(delays_grow_up_to_the_most),
		cmocka_unit_test(the_longest_delay_is_known),
		cmocka_unit_test(a_healthy_period_makes_the_delay_short_again),
		cmocka_unit_test(restarts_within_the_limit_go_on_for_ever),
		cmocka_unit_test(
			who_asks_for_a_service_is_not_held_up_by_its_past),
		cmocka_unit_test(any_memory_gets_a_sound_answer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
