/*
 * policy.h -- whether and when a service that has ended starts again.
 *
 * Pure: the caller carries the answer out, at the machine's pace, which keeps
 * starts at least a second apart whatever is said here. What has to be
 * remembered is a few numbers that a supervisor keeps in supervise/state, so
 * that the next one goes on counting.
 *
 * A service that was up for a healthy period, at least ten seconds and at least
 * the span of its limit, begins anew: no delay has grown, no restart counts.
 */
#ifndef SERVICE_POLICY_H
#define SERVICE_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/strb.h"

#define POLICY_HEALTHY_MS 10000 /* up for as long as this: healthy */
/* Where a delay grows and the policy doesn't say how far. */
#define POLICY_MAX_DELAY_MS 60000

enum policy_when {
	POLICY_ALWAYS,
	POLICY_ON_FAILURE, /* unless it exited 0 */
	POLICY_NEVER,
	POLICY_WHEN_COUNT
};

/* What the file "restart" says; all zeros is what no file means. */
struct policy {
	enum policy_when when;
	uint32_t delay_ms;     /* between a death and the start after it */
	uint32_t backoff;      /* factor from one delay to the next; 0: 1 */
	uint32_t max_delay_ms; /* 0: none was said */
	/* More than so many restarts within that span: give up. 0: never. */
	uint32_t limit_count, limit_span_ms;
};

/* What the file "on-giving-up" says; all zeros is what no file means. */
struct giving_up {
	bool is_shutdown; /* stop everything; the scanner exits with `code` */
	uint8_t code;
};

/* What is remembered from one death to the next; all zeros to begin with. */
struct policy_memory {
	int64_t streak;          /* restarts since it was last healthy */
	int64_t window_restarts; /* of those that count for the limit */
	int64_t window_began_ns; /* CLOCK_MONOTONIC; 0: no window */
};

/* How a service ended. */
struct policy_death {
	int exit_code;      /* -1: killed by a signal, or not known */
	int64_t lasted_ns;  /* from its start; -1: not known */
	bool was_asked_for; /* to be started again: not a failure */
	bool has_encore;    /* the directory shows encore: 100 is for good */
	int finish_code;    /* of "finish": 125 is for good; -1: none */
};

enum policy_answer {
	POLICY_RESTART, /* after `delay_ns` */
	POLICY_DONE,    /* it has done its work: stay down */
	POLICY_GIVE_UP, /* it has failed: stay down, and say so */
};

struct policy_verdict {
	enum policy_answer answer;
	int64_t delay_ns; /* of POLICY_RESTART; 0: as soon as may be */
	const char *why;  /* static; of the other two: "exited 100", say */
};

/*
 * Reads one line: "always", "on-failure" or "never", then, each optional,
 * delay=SPAN backoff=FACTOR max-delay=SPAN limit=COUNT/SPAN. A word that isn't
 * understood changes nothing: the first of them is said in `wrong`, with what
 * becomes of it, and false returned. The line is split in place.
 */
bool policy_parse(char *line, struct policy *policy, struct strb *wrong);

/* The same for "nothing" or "shutdown CODE", with a code from 0 to 255 that
 * means nothing else of svscan. */
bool giving_up_parse(char *line, struct giving_up *giving_up,
		     struct strb *wrong);

/*
 * What to do about a death at `now_ns` (CLOCK_MONOTONIC) of a service that is
 * wanted up. Changes `memory`, which survives supervisors, not boots.
 */
struct policy_verdict policy_judge(const struct policy *policy,
				   struct policy_memory *memory,
				   const struct policy_death *death,
				   int64_t now_ns);

/* The longest delay that policy_judge() may give. */
int64_t policy_longest_ns(const struct policy *policy);

/* Somebody asked for the service: what it did before doesn't count. */
void policy_forgive(struct policy_memory *memory);

#endif
