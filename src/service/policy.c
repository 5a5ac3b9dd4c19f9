/* policy.c -- see policy.h. */
#include <stddef.h>
#include <string.h>

#include "base/number.h"
#include "base/span.h"
#include "service/policy.h"
#include "service/scan_control.h"

#define MS_NS          INT64_C(1000000)
#define LEAST_APART_MS 1000 /* two starts: the machine sees to it */
#define BACKOFF_MAX    1000
#define GROWTH_MAX     64  /* doublings: by then every delay is at its most */
#define PERMANENT_CODE 100 /* of run, with encore's meaning */
#define FINISH_LAST    125 /* of finish */
#define BLANKS         " \t"
#define SHOWN_BYTES    40 /* of a word that is not understood */

/* clang-format off */
static const char *const when_names[POLICY_WHEN_COUNT] = {
	[POLICY_ALWAYS] = "always",
	[POLICY_ON_FAILURE] = "on-failure",
	[POLICY_NEVER] = "never",
};
/* clang-format on */

/* ---- reading ---- */

/* The next word of *rest, ended by '\0'; NULL when there is none. */
static char *take_word(char **rest)
{
	char *word = *rest + strspn(*rest, BLANKS);
	char *end = word + strcspn(word, BLANKS);

	if (word == end)
		return NULL;
	*rest = end + (*end != '\0');
	*end = '\0';
	return word;
}

static bool parse_when(const char *word, struct policy *policy)
{
	for (int i = 0; i < POLICY_WHEN_COUNT; i++) {
		if (strcmp(word, when_names[i]) == 0) {
			policy->when = (enum policy_when)i;
			return true;
		}
	}
	return false;
}

static bool parse_span(const char *value, uint32_t *span_ms)
{
	int64_t span_ns;

	if (!span_parse(value, SPAN_SECOND_NS, &span_ns) ||
	    span_ns / MS_NS > UINT32_MAX)
		return false;
	*span_ms = (uint32_t)(span_ns / MS_NS);
	return true;
}

static bool parse_delay(char *value, struct policy *policy)
{
	return parse_span(value, &policy->delay_ms);
}

static bool parse_max_delay(char *value, struct policy *policy)
{
	return parse_span(value, &policy->max_delay_ms);
}

static bool parse_backoff(char *value, struct policy *policy)
{
	uint64_t factor;

	if (number_parse(value, BACKOFF_MAX, &factor) == -1 || factor == 0)
		return false;
	policy->backoff = (uint32_t)factor;
	return true;
}

/* COUNT/SPAN, "5/10s"; whole again afterwards, for a message. */
static bool parse_limit(char *value, struct policy *policy)
{
	char *slash = strchr(value, '/');
	uint32_t span_ms = 0;
	uint64_t count = 0;
	bool is_good;

	if (!slash)
		return false;
	*slash = '\0';
	is_good = number_parse(value, UINT32_MAX, &count) == 0 && count > 0 &&
		  parse_span(slash + 1, &span_ms) && span_ms > 0;
	*slash = '/';
	if (is_good) {
		policy->limit_count = (uint32_t)count;
		policy->limit_span_ms = span_ms;
	}
	return is_good;
}

struct parameter {
	const char *key;
	bool (*parse)(char *value, struct policy *policy);
	const char *form;
};

static const struct parameter parameters[] = {
	{"delay=", parse_delay, "a span, 500ms or 10s or 5m"},
	{"backoff=", parse_backoff, "a number from 1 to 1000"},
	{"max-delay=", parse_max_delay, "a span, 500ms or 10s or 5m"},
	{"limit=", parse_limit, "a count and a span, 5/10s"},
};
#define PARAMETER_COUNT (sizeof(parameters) / sizeof(parameters[0]))

static bool is_first_wrong(const struct strb *wrong)
{
	return wrong->len == 0;
}

/* Says that `word` is not `form`, and what becomes of it, unless another word
 * was told of. Returns false. */
static bool tell(struct strb *wrong, const char *word, const char *form,
		 const char *consequence)
{
	if (!is_first_wrong(wrong))
		return false;
	strb_add(wrong, "\"");
	strb_add_shown(wrong, word, SHOWN_BYTES);
	strb_add_format(wrong, "\" is not %s; %s", form, consequence);
	return false;
}

static bool parse_parameter(char *word, struct policy *policy,
			    struct strb *wrong)
{
	static const char consequence[] = "ignoring it";

	for (size_t i = 0; i < PARAMETER_COUNT; i++) {
		const struct parameter *parameter = &parameters[i];
		size_t len = strlen(parameter->key);

		if (strncmp(word, parameter->key, len) != 0)
			continue;
		if (parameter->parse(word + len, policy))
			return true;
		return tell(wrong, word, parameter->form, consequence);
	}
	return tell(wrong, word,
		    "delay=, backoff=, max-delay= or limit=", consequence);
}

/* A limit that no service can reach is a slip that would go unnoticed. */
static bool check_limit(const struct policy *policy, struct strb *wrong)
{
	uint64_t apart_ms = policy->delay_ms > LEAST_APART_MS ? policy->delay_ms
							      : LEAST_APART_MS;

	if (policy->limit_count == 0 ||
	    policy->limit_count * apart_ms <= policy->limit_span_ms)
		return true;
	if (is_first_wrong(wrong)) {
		strb_add_format(wrong, "limit=%u/",
				(unsigned)policy->limit_count);
		span_add(wrong, policy->limit_span_ms * MS_NS);
		strb_add(wrong, " has no effect: starts are at least ");
		span_add(wrong, (int64_t)apart_ms * MS_NS);
		strb_add(wrong, " apart; using no limit");
	}
	return false;
}

bool policy_parse(char *line, struct policy *policy, struct strb *wrong)
{
	char *word = take_word(&line);
	bool is_good = word && parse_when(word, policy);

	if (!is_good)
		tell(wrong, word ? word : "", "always, on-failure or never",
		     "using \"always\"");
	while ((word = take_word(&line)))
		is_good = parse_parameter(word, policy, wrong) && is_good;
	return check_limit(policy, wrong) && is_good;
}

bool giving_up_parse(char *line, struct giving_up *giving_up,
		     struct strb *wrong)
{
	const char *word = take_word(&line);
	const char *code_word = take_word(&line);
	bool is_alone = !code_word;
	uint64_t code = 0;

	if (word && strcmp(word, "nothing") == 0 && is_alone)
		return true;
	if (word && strcmp(word, "shutdown") == 0 && code_word &&
	    number_parse(code_word, UINT8_MAX, &code) == 0 &&
	    code != EXIT_DETACHED && !scan_control_is_failure((int)code) &&
	    !take_word(&line)) {
		giving_up->is_shutdown = true;
		giving_up->code = (uint8_t)code;
		return true;
	}
	strb_add(wrong,
		 "expected \"nothing\", or \"shutdown\" and an exit code "
		 "from 0 to 255 but 99, 100 and 111, which mean something "
		 "else of svscan; using \"nothing\"");
	return false;
}

/* ---- judging ---- */

static struct policy_verdict stay_down(enum policy_answer answer,
				       const char *why)
{
	return (struct policy_verdict){.answer = answer, .why = why};
}

static bool was_healthy(const struct policy *policy,
			const struct policy_death *death)
{
	uint32_t healthy_ms = policy->limit_span_ms > POLICY_HEALTHY_MS
				      ? policy->limit_span_ms
				      : POLICY_HEALTHY_MS;

	return death->lasted_ns >= healthy_ms * MS_NS;
}

/* Whether one more restart is within the limit; counts it. */
static bool count_restart(const struct policy *policy,
			  struct policy_memory *memory, int64_t now_ns)
{
	bool is_window_open = memory->window_restarts > 0 &&
			      memory->window_began_ns >= 0 &&
			      memory->window_began_ns <= now_ns &&
			      now_ns - memory->window_began_ns <=
				      policy->limit_span_ms * MS_NS;

	if (policy->limit_count == 0)
		return true;
	if (!is_window_open) {
		memory->window_began_ns = now_ns;
		memory->window_restarts = 0;
	}
	if (memory->window_restarts >= policy->limit_count)
		return false;
	memory->window_restarts++;
	return true;
}

static bool grows(const struct policy *policy)
{
	return policy->backoff > 1;
}

/* The delay to begin with, unless the longest is shorter. */
static uint32_t first_ms(const struct policy *policy)
{
	if (policy->delay_ms == 0 && grows(policy))
		return LEAST_APART_MS;
	return policy->delay_ms;
}

static uint32_t longest_ms(const struct policy *policy)
{
	uint32_t longest = first_ms(policy);

	if (policy->max_delay_ms > 0)
		return policy->max_delay_ms;
	if (grows(policy) && longest < POLICY_MAX_DELAY_MS)
		longest = POLICY_MAX_DELAY_MS;
	return longest;
}

int64_t policy_longest_ns(const struct policy *policy)
{
	return longest_ms(policy) * MS_NS;
}

/* The delay after `streak` restarts that led to nothing. */
static int64_t delay_ns(const struct policy *policy, int64_t streak)
{
	uint64_t delay_ms = first_ms(policy), most_ms = longest_ms(policy);

	for (; grows(policy) && streak > 0 && delay_ms < most_ms; streak--)
		delay_ms *= policy->backoff;
	if (delay_ms > most_ms)
		delay_ms = most_ms;
	return (int64_t)delay_ms * MS_NS;
}

struct policy_verdict policy_judge(const struct policy *policy,
				   struct policy_memory *memory,
				   const struct policy_death *death,
				   int64_t now_ns)
{
	struct policy_verdict verdict = {.answer = POLICY_RESTART};

	if (death->finish_code == FINISH_LAST)
		return stay_down(POLICY_GIVE_UP, "finish exited 125");
	if (death->was_asked_for)
		return verdict;
	if (death->exit_code == PERMANENT_CODE && death->has_encore)
		return stay_down(POLICY_GIVE_UP, "exited 100");
	if (death->exit_code == 0 && policy->when != POLICY_ALWAYS)
		return stay_down(POLICY_DONE, "exited 0");
	if (policy->when == POLICY_NEVER)
		return stay_down(POLICY_GIVE_UP, "never to be restarted");
	if (was_healthy(policy, death))
		policy_forgive(memory);
	if (!count_restart(policy, memory, now_ns)) {
		policy_forgive(memory); /* who starts it again starts anew */
		return stay_down(POLICY_GIVE_UP, "restarted too often");
	}
	verdict.delay_ns = delay_ns(policy, memory->streak);
	if (memory->streak < 0)
		memory->streak = 0;
	if (memory->streak < GROWTH_MAX)
		memory->streak++;
	return verdict;
}

void policy_forgive(struct policy_memory *memory)
{
	*memory = (struct policy_memory){.streak = 0};
}
