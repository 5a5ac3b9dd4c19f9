/* event.c -- see event.h. */
#include <inttypes.h>
#include <string.h>

#include "view/event.h"

static const struct {
	const char *word, *text;
} happenings[HAPPENING_COUNT] = {
	[HAPPENED_SUPERVISED] = {"supervised", "is supervised"},
	[HAPPENED_UNSUPERVISED] = {"unsupervised", "is not supervised"},
	[HAPPENED_STARTED] = {"started", "started"},
	[HAPPENED_READY] = {"ready", "is ready"},
	[HAPPENED_DIED] = {"died", "died"},
	[HAPPENED_GAVE_UP] = {"gave-up", "failed, and is not started again"},
	[HAPPENED_PAUSED] = {"paused", "is paused"},
	[HAPPENED_CONTINUED] = {"continued", "goes on"},
};

const char *event_word(enum happening kind)
{
	return happenings[kind].word;
}

void event_describe(const struct event *event, struct strb *text)
{
	strb_add(text, happenings[event->kind].text);
	if (event->kind == HAPPENED_STARTED)
		strb_add_format(text, ", pid %" PRId64, event->pid);
	if (event->end.how != ROW_END_NONE) {
		strb_add(text, ": ");
		row_add_end(&event->end, text);
	}
	if (event->count > 1)
		strb_add_format(text, ", %" PRId64 " times", event->count);
}

/* ---- comparing ---- */

struct list {
	struct event *events;
	size_t count;
};

static struct event *add(struct list *list, enum happening kind)
{
	struct event *event = &list->events[list->count++];

	*event = (struct event){.kind = kind};
	return event;
}

static int64_t second_of(const char *label)
{
	struct timespec moment;

	return strlen(label) == TAI64N_LABEL_SIZE &&
			       tai64n_parse(label, &moment)
		       ? moment.tv_sec
		       : 0;
}

static void add_start(struct list *list, const struct look *now, int64_t pid)
{
	struct event *event = add(list, HAPPENED_STARTED);

	event->pid = pid;
	if (now->status.run_pid != 0)
		event->at_s = now->status.changed_at.tv_sec;
}

static void add_death(struct list *list, const struct look *now, int64_t count)
{
	struct event *event = add(list, HAPPENED_DIED);

	event->count = count;
	if (now->has_state) {
		event->end = row_end_of(&now->state);
		event->at_s = event->end.at_s;
	}
}

/* How often, as far as the two looks can tell. A count that is less than it
 * was is that of a supervision that began anew. */
static int64_t counted(int64_t before, int64_t now)
{
	return now >= before ? now - before : now;
}

static void compare_processes(const struct look *before, const struct look *now,
			      struct list *list)
{
	bool was_up = before->has_status && before->phase == LOOK_RUN;
	bool is_up = now->phase == LOOK_RUN;
	int64_t starts, deaths;

	if (before->has_state && now->has_state) {
		starts = counted(before->state.starts, now->state.starts);
		deaths = counted(before->state.deaths, now->state.deaths);
	} else {
		bool is_another = before->status.run_pid != now->status.run_pid;

		starts = is_up && (!was_up || is_another);
		deaths = was_up && (!is_up || is_another);
	}
	if (was_up && deaths > 0) {
		add_death(list, now, is_up ? deaths : deaths - starts);
		deaths = is_up ? 0 : starts;
	}
	if (!is_up && starts > 0)
		add_start(list, now, now->state.last_pid);
	if (deaths > 0)
		add_death(list, now, deaths);
	if (is_up && starts > 0)
		add_start(list, now, now->status.run_pid);
}

size_t event_compare(const struct look *before, const struct look *now,
		     struct event out[EVENT_MOST])
{
	struct list list = {.events = out};
	bool was_ready = before->has_state && before->state.is_ready;
	bool had_failed = before->has_state && before->state.is_failed;

	if (now->is_hosted && !before->is_hosted)
		add(&list, HAPPENED_SUPERVISED);
	if (now->has_status && (now->is_hosted || before->is_hosted))
		compare_processes(before, now, &list);
	if (now->has_state && now->state.is_ready &&
	    (!was_ready ||
	     strcmp(before->state.ready_at, now->state.ready_at) != 0))
		add(&list, HAPPENED_READY)->at_s =
			second_of(now->state.ready_at);
	if (now->has_state && now->state.is_failed && !had_failed)
		add(&list, HAPPENED_GAVE_UP)->end = row_end_of(&now->state);
	if (now->has_status && now->status.run_pid != 0 &&
	    now->status.is_paused !=
		    (before->has_status && before->status.is_paused))
		add(&list, now->status.is_paused ? HAPPENED_PAUSED
						 : HAPPENED_CONTINUED);
	if (!now->is_hosted && before->is_hosted)
		add(&list, HAPPENED_UNSUPERVISED);
	return list.count;
}
