/* sweep.c -- see sweep.h. */
#include <signal.h>
#include <string.h>

#include "base/diag.h"
#include "base/span.h"
#include "base/strb.h"
#include "boot/remains.h"
#include "boot/sweep.h"

/* For loggers, between the end of all else and their own. */
#define LAST_MOMENT_NS INT64_C(1000000000)
/* What is killed may have started others meanwhile. */
#define LOOK_AGAIN_NS  INT64_C(50000000)
#define LOOK_SELDOM_NS INT64_C(1000000000)
#define NAMES_SIZE     600 /* bytes: a message has room for not much more */

void sweep_begin(struct sweep *sweep, int64_t now_ns)
{
	if (sweep->limit_due_ns == 0 && sweep->limit_ns != 0)
		sweep->limit_due_ns = now_ns + sweep->limit_ns;
}

void sweep_forget(struct sweep *sweep)
{
	sweep->is_down = sweep->is_listed_down = false;
	sweep->kill_due_ns = sweep->look_due_ns = 0;
}

static void take_list(struct sweep *sweep)
{
	sweep->logger_count = sweep->listed_count;
	memcpy(sweep->whole, sweep->listed,
	       sweep->listed_count * sizeof(sweep->listed[0]));
	sweep->is_down |= sweep->is_listed_down;
}

void sweep_note(struct sweep *sweep, const struct ending *news)
{
	switch ((enum ending_kind)news->kind) {
	case ENDING_BEGINS:
		sweep_forget(sweep);
		sweep->listed_count = 0;
		break;
	case ENDING_DOWN:
		sweep->is_listed_down = true;
		sweep->listed_count = 0;
		break;
	case ENDING_LOGGER:
		if (sweep->listed_count < SWEEP_LOGGERS_MOST)
			sweep->listed[sweep->listed_count++] =
				(pid_t)news->number;
		break;
	case ENDING_LISTED: take_list(sweep); break;
	case ENDING_OVER:
	case ENDING_KIND_COUNT: break;
	}
}

void sweep_is_down(struct sweep *sweep)
{
	sweep->is_down = true;
}

bool sweep_has_cut_off(const struct sweep *sweep)
{
	return sweep->last_due_ns != 0;
}

static struct spared spare(struct sweep *sweep,
			   const struct sweep_others *others)
{
	size_t count = sweep->logger_count;

	if (others->command != 0)
		sweep->whole[count++] = others->command;
	/* All that it starts then is loggers, also after they were listed. */
	if (sweep->is_down && others->svscan != 0)
		sweep->whole[count++] = others->svscan;
	return (struct spared){.whole = sweep->whole,
			       .whole_count = count,
			       .alone = others->svscan};
}

static void tell_of_limit(const struct sweep *sweep,
			  const struct spared *spared)
{
	char room[NAMES_SIZE], span_room[32];
	struct strb names = strb_on(room, sizeof(room));
	struct strb span = strb_on(span_room, sizeof(span_room));

	remains_signal(spared, 0, 0, &names);
	span_add(&span, sweep->limit_ns);
	diag_warn("not all has stopped in %s, killing %s%s", span_room,
		  names.len > 0 ? room : "loggers", names.is_cut ? "..." : "");
}

/* The time is over. Returns how many others are left. */
static size_t cut_off(struct sweep *sweep, const struct sweep_others *others,
		      int64_t now_ns)
{
	const struct sweep_others nobody = {.svscan = others->svscan};
	const struct spared spared = spare(sweep, &nobody);

	if (sweep->last_due_ns == 0) {
		tell_of_limit(sweep, &spared);
		sweep->last_due_ns = now_ns + LAST_MOMENT_NS;
	}
	sweep->look_due_ns = now_ns + LOOK_AGAIN_NS;
	return remains_signal(&spared, SIGKILL, 0, NULL);
}

static void kill_all(struct sweep *sweep)
{
	static const struct spared nobody;

	remains_signal(&nobody, SIGKILL, 0, NULL);
	sweep->is_all_killed = true;
}

/* No service is left. Returns how much else is. */
static size_t tell_to_end(struct sweep *sweep,
			  const struct sweep_others *others, int64_t now_ns)
{
	const struct spared spared = spare(sweep, others);
	bool is_late = sweep->kill_due_ns != 0 && now_ns >= sweep->kill_due_ns;
	size_t count;

	if (is_late)
		count = remains_signal(&spared, SIGKILL, 0, NULL);
	else if (sweep->kill_due_ns == 0)
		count = remains_signal(&spared, SIGTERM, SIGCONT, NULL);
	else
		return remains_signal(&spared, 0, 0, NULL);
	if (sweep->kill_due_ns == 0)
		sweep->kill_due_ns = now_ns + sweep->grace_ns;
	sweep->look_due_ns = sweep->kill_due_ns;
	if (is_late)
		sweep->look_due_ns =
			now_ns + (count > 0 ? LOOK_AGAIN_NS : LOOK_SELDOM_NS);
	return count;
}

bool sweep_step(struct sweep *sweep, const struct sweep_others *others,
		int64_t now_ns)
{
	size_t left = 1;

	if (sweep->last_due_ns != 0 && now_ns >= sweep->last_due_ns)
		kill_all(sweep);
	else if (sweep->limit_due_ns != 0 && now_ns >= sweep->limit_due_ns)
		left = cut_off(sweep, others, now_ns);
	else if (sweep->is_down)
		left = tell_to_end(sweep, others, now_ns);
	return left > 0 && !sweep->is_all_killed;
}

static int64_t earlier(int64_t due_ns, int64_t other_ns)
{
	return other_ns != 0 && other_ns < due_ns ? other_ns : due_ns;
}

int64_t sweep_due_ns(const struct sweep *sweep)
{
	int64_t due_ns = earlier(INT64_MAX, sweep->look_due_ns);

	return earlier(due_ns, sweep->last_due_ns != 0 ? sweep->last_due_ns
						       : sweep->limit_due_ns);
}
