/* waiting.c -- see waiting.h. */
#include "base/tai64n.h"
#include "client/waiting.h"

static void on_change(struct watch *watch)
{
	waiting_judge(watch->owner);
}

void waiting_begin(struct waiting *waiting)
{
	waiting->outcome = OUTCOME_NONE;
	waiting->alone_since_ns = 0;
	waiting->is_checked = false;
	waiting->check = (struct loop_process){.pid = 0};
	waiting->watch = (struct watch){
		.loop = waiting->loop,
		.path = waiting->path,
		.dir_fd = waiting->dir_fd,
		.on_change = on_change,
		.owner = waiting,
	};
	watch_look(&waiting->watch, &waiting->before);
	waiting->now = waiting->before;
}

static void settle(struct waiting *waiting, enum outcome outcome)
{
	waiting->outcome = outcome;
	waiting_end(waiting);
	waiting->on_outcome(waiting);
}

/* Of a service that can tell when it is ready, being up isn't enough. */
static enum condition condition_of(const struct waiting *waiting)
{
	bool tells = waiting->asks_check &&
		     (waiting->now.state.is_ready || waiting->now.will_tell);

	if (tells && (waiting->condition == CONDITION_UP ||
		      waiting->condition == CONDITION_STARTED))
		return CONDITION_READY;
	if (tells && waiting->condition == CONDITION_RESTARTED)
		return CONDITION_RESTARTED_READY;
	return waiting->condition;
}

static void on_check_exit(struct loop_process *check, struct process_end end)
{
	struct waiting *waiting = check->owner;

	check->pid = 0;
	waiting->is_checked =
		end.is_known && end.exit_code == 0 && end.signal_number == 0;
	if (waiting->is_checked)
		waiting_judge(waiting);
	else
		watch_again(&waiting->watch, CHECK_PAUSE_NS);
}

/* True: whatever `check` has to say of the latest change, it has said. */
static bool is_available(struct waiting *waiting)
{
	if (!waiting->asks_check ||
	    !condition_asks_for_up(waiting->condition, &waiting->now) ||
	    !check_is_there(waiting->dir_fd))
		return true;
	if (waiting->check.pid != 0)
		return false;
	if (waiting->is_checked &&
	    look_is_same_change(&waiting->checked, &waiting->now))
		return true;
	waiting->is_checked = false;
	waiting->checked = waiting->now;
	waiting->check.on_exit = on_check_exit;
	waiting->check.owner = waiting;
	if (check_start(waiting->dir_fd, waiting->loop, &waiting->check) == -1)
		watch_again(&waiting->watch, CHECK_PAUSE_NS);
	return false;
}

static void be_alone(struct waiting *waiting)
{
	int64_t now_ns = loop_now_ns();

	if (waiting->alone_since_ns == 0)
		waiting->alone_since_ns = now_ns;
	if (waiting->is_impatient ||
	    now_ns - waiting->alone_since_ns >= WAITING_PATIENCE_NS)
		settle(waiting, OUTCOME_UNSUPERVISED);
	else
		watch_again(&waiting->watch, waiting->alone_since_ns +
						     WAITING_PATIENCE_NS -
						     now_ns);
}

void waiting_judge(struct waiting *waiting)
{
	int64_t again_ns;
	enum verdict verdict;

	if (waiting->outcome != OUTCOME_NONE)
		return;
	watch_look(&waiting->watch, &waiting->now);
	if (waiting->now.is_hosted)
		waiting->alone_since_ns = 0;
	verdict = condition_judge(condition_of(waiting), &waiting->before,
				  &waiting->now, waiting->has_acted,
				  tai64n_now(), &again_ns);
	if (again_ns > 0)
		watch_again(&waiting->watch, again_ns);
	switch (verdict) {
	case VERDICT_NOT_YET: break;
	case VERDICT_REACHED:
		if (is_available(waiting))
			settle(waiting, OUTCOME_REACHED);
		break;
	case VERDICT_FAILED: settle(waiting, OUTCOME_FAILED); break;
	case VERDICT_UNSUPERVISED: be_alone(waiting); break;
	}
}

void waiting_end(struct waiting *waiting)
{
	check_end(waiting->loop, &waiting->check);
	watch_end(&waiting->watch);
}
