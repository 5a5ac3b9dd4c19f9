/* fuzz_policy.c -- any policy, with any memory: every answer makes sense. The
 * first bytes are the memory and the clock; the rest is the file "restart". */
#include <string.h>

#include "fuzz.h"
#include "service/policy.h"

#define TEXT_BYTES 512

struct start {
	struct policy_memory memory;
	int64_t now_ns, lasted_ns;
};

static void check_answers(const struct policy *policy, struct start *start,
			  int exit_code)
{
	const struct policy_death death = {.exit_code = exit_code,
					   .lasted_ns = start->lasted_ns,
					   .finish_code = -1};

	/* A second apart, as the machine sees to it. */
	for (int i = 0; i < 20; i++) {
		struct policy_verdict verdict = policy_judge(
			policy, &start->memory, &death, start->now_ns);

		MUST(verdict.delay_ns >= 0);
		MUST(verdict.delay_ns <= UINT32_MAX * INT64_C(1000000));
		MUST(verdict.answer != POLICY_RESTART ||
		     start->memory.streak > 0);
		MUST((verdict.answer == POLICY_RESTART) == !verdict.why);
		MUST(verdict.answer == POLICY_RESTART ||
		     policy->when != POLICY_ALWAYS || policy->limit_count > 0);
		MUST(verdict.answer != POLICY_DONE || exit_code == 0);
		MUST(verdict.answer != POLICY_RESTART ||
		     policy->when != POLICY_NEVER);
		if (policy->limit_count > 0 && verdict.answer == POLICY_RESTART)
			MUST(start->memory.window_restarts <=
			     policy->limit_count);
		start->now_ns += 1000000000 + verdict.delay_ns;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[TEXT_BYTES], room[2 * TEXT_BYTES];
	struct strb wrong = strb_on(room, sizeof(room));
	struct policy policy = {.when = POLICY_ALWAYS};
	struct start start, again;

	if (size < sizeof(start) || size - sizeof(start) >= TEXT_BYTES)
		return 0;
	memcpy(&start, data, sizeof(start));
	memcpy(text, data + sizeof(start), size - sizeof(start));
	text[size - sizeof(start)] = '\0';
	/* A clock that has been running for up to a century or so. */
	start.now_ns &= INT64_MAX >> 1;
	again = start;
	MUST(policy_parse(text, &policy, &wrong) == (wrong.len == 0));
	MUST(policy.when < POLICY_WHEN_COUNT);
	MUST((policy.limit_count == 0) == (policy.limit_span_ms == 0));
	check_answers(&policy, &start, 0);
	check_answers(&policy, &again, 1);
	return 0;
}
