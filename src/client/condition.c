/* condition.c -- see condition.h. */
#include <string.h>

#include "client/condition.h"

static bool has_phase(const struct look *look, const char *phase)
{
	return look->has_state && strcmp(look->state.phase, phase) == 0;
}

/* What has no process of its own is up when what starts it has ended well. */
static bool is_up(const struct look *look)
{
	if (!look->has_status || has_phase(look, "starting"))
		return false;
	return (look->phase == LOOK_RUN && look->status.run_pid != 0) ||
	       has_phase(look, "active");
}

/* Nothing runs of it, and nothing is up. */
static bool is_finished(const struct look *look)
{
	return look->has_status && look->phase == LOOK_DOWN &&
	       !has_phase(look, "active");
}

/* How long the present state has lasted; a moment to come is long ago, as the
 * clock was set back since and the supervisor doesn't tell by how much. */
static int64_t lasted_ns(const struct look *look, struct timespec moment)
{
	struct timespec since = look_since(look);
	time_t seconds = moment.tv_sec - since.tv_sec;

	if (seconds < 0 || seconds > 2)
		return INT64_MAX;
	return (int64_t)seconds * 1000000000 + moment.tv_nsec - since.tv_nsec;
}

static bool is_ready(const struct look *look, struct timespec moment,
		     int64_t *again_ns)
{
	int64_t lasted;

	if (!is_up(look))
		return false;
	if (look->state.is_ready || look->will_tell)
		return look->state.is_ready;
	lasted = lasted_ns(look, moment);
	if (lasted >= CONDITION_SETTLED_NS)
		return true;
	*again_ns = CONDITION_SETTLED_NS - lasted;
	return false;
}

/* What was asked for has been followed: see CONDITION_ENDED. */
static bool has_followed(const struct look *before, const struct look *now)
{
	if (!is_up(before))
		return true;
	if (look_is_same_change(before, now))
		return false;
	return now->status.wanted == 'u' ? is_up(now) : is_finished(now);
}

static bool is_as_wanted(const struct look *look)
{
	switch (look->status.wanted) {
	case 'u': return is_up(look);
	case 'd': return is_finished(look);
	default: return true; /* once: up or over */
	}
}

static bool has_come(enum condition condition, const struct look *before,
		     const struct look *now, struct timespec moment,
		     int64_t *again_ns)
{
	switch (condition) {
	case CONDITION_UP: return is_up(now);
	case CONDITION_READY: return is_ready(now, moment, again_ns);
	case CONDITION_DOWN: return now->has_status && !is_up(now);
	case CONDITION_FINISHED: return is_finished(now);
	case CONDITION_STARTED: return is_up(now) && now->status.wanted != 'd';
	case CONDITION_STOPPED:
		return is_finished(now) &&
		       (now->status.wanted != 'u' || !now->is_hosted);
	case CONDITION_RESTARTED:
		return is_up(now) && !look_is_same_change(before, now);
	case CONDITION_RESTARTED_READY:
		return !look_is_same_change(before, now) &&
		       is_ready(now, moment, again_ns);
	case CONDITION_ENDED: return has_followed(before, now);
	case CONDITION_TRIED:
		return is_up(now) || !look_is_same_change(before, now);
	case CONDITION_PAUSED: return !is_up(now) || now->status.is_paused;
	case CONDITION_CONTINUED: return !is_up(now) || !now->status.is_paused;
	case CONDITION_AS_WANTED: return is_as_wanted(now);
	case CONDITION_NONE:
	case CONDITION_GONE:
	case CONDITION_COUNT: break;
	}
	return true;
}

static bool is_about_down(enum condition condition)
{
	return condition == CONDITION_DOWN || condition == CONDITION_FINISHED ||
	       condition == CONDITION_STOPPED;
}

static bool is_about_up(enum condition condition)
{
	return condition == CONDITION_UP || condition == CONDITION_READY ||
	       condition == CONDITION_STARTED ||
	       condition == CONDITION_RESTARTED ||
	       condition == CONDITION_RESTARTED_READY;
}

enum verdict condition_judge(enum condition condition,
			     const struct look *before, const struct look *now,
			     bool has_acted, struct timespec moment,
			     int64_t *again_ns)
{
	*again_ns = 0;
	if (condition == CONDITION_NONE)
		return VERDICT_REACHED;
	if (condition == CONDITION_GONE)
		return now->is_hosted ? VERDICT_NOT_YET : VERDICT_REACHED;
	/* What its last supervisor saw end stays so. */
	if (!now->is_hosted &&
	    (!is_about_down(condition) || !now->has_status || is_up(now)))
		return VERDICT_UNSUPERVISED;
	if (has_come(condition, before, now, moment, again_ns))
		return VERDICT_REACHED;
	if (now->state.is_failed && is_about_up(condition) &&
	    !(has_acted && look_is_same_change(before, now)))
		return VERDICT_FAILED;
	return VERDICT_NOT_YET;
}

bool condition_asks_for_up(enum condition condition, const struct look *now)
{
	switch (condition) {
	case CONDITION_ENDED:
	case CONDITION_AS_WANTED: return is_up(now);
	default: return is_about_up(condition);
	}
}
