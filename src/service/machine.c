/* machine.c -- see machine.h. */
#include <signal.h>

#include "service/control.h"
#include "service/machine.h"

#define LONGEST_WAIT_NS (MACHINE_RETRY_MOST * MACHINE_RETRY_NS)

bool machine_has_process(enum machine_phase phase)
{
	return phase == MACHINE_STARTING || phase == MACHINE_UP ||
	       phase == MACHINE_FINISHING || phase == MACHINE_STOPPING;
}

static bool is_running(const struct machine *machine)
{
	return machine_has_process(machine->phase);
}

/* Whether what runs is the service itself, so that signals are for it. */
static bool takes_signals(const struct machine *machine)
{
	return machine->phase == MACHINE_UP ||
	       machine->phase == MACHINE_STARTING;
}

int64_t machine_due_ns(const struct machine *machine)
{
	if (machine->phase == MACHINE_WAITING)
		return machine->must_wait ? 0 : machine->start_due_ns;
	return is_running(machine) ? machine->limit_ns : 0;
}

static void send_signals(struct machine_step *step, int first, int second)
{
	step->actions |= MACHINE_SIGNAL;
	step->signals[0] = first;
	step->signals[1] = second;
}

/* 0: there is no limit. */
static void set_limit(struct machine *machine, struct machine_step *step,
		      int64_t limit_ns, int64_t now_ns)
{
	machine->limit_ns = limit_ns > 0 ? now_ns + limit_ns : 0;
	if (limit_ns > 0)
		step->actions |= MACHINE_TIMER;
}

static void leave(struct machine *machine, struct machine_step *step)
{
	machine->phase = MACHINE_GONE;
	step->actions |= MACHINE_PUBLISH | MACHINE_LEAVE;
}

/* Nothing runs and nothing is due: rest, or leave if that was asked for. */
static void settle(struct machine *machine, struct machine_step *step)
{
	machine->phase = MACHINE_DOWN;
	machine->is_started = machine->is_ready = false;
	step->actions |= MACHINE_PUBLISH;
	if (machine->is_leaving)
		leave(machine, step);
}

/* What was said of the process that ended doesn't hold for the next. */
static void forget_process(struct machine *machine)
{
	machine->is_paused = machine->is_term_sent = false;
	machine->is_ending = machine->is_ready = false;
	machine->limit_ns = 0;
}

static void run_script(struct machine *machine, struct machine_step *step,
		       enum machine_phase phase)
{
	machine->phase = phase;
	forget_process(machine);
	step->actions |= MACHINE_START;
}

/* "start" or "run", from whose start on the throttle counts. */
static void run_service(struct machine *machine, struct machine_step *step,
			enum machine_phase phase, int64_t now_ns)
{
	run_script(machine, step, phase);
	machine->is_failed = false;
	machine->start_due_ns = now_ns + MACHINE_THROTTLE_NS;
	set_limit(machine, step, machine->rules.up_limit_ns, now_ns);
}

/* Whether "start" comes before "run", or instead of it. */
static bool is_start_first(const struct machine *machine)
{
	if (machine->rules.is_oneshot)
		return true;
	return machine->rules.has_start && !machine->is_started;
}

/* Rules may change while it waits: no longer than they say now. */
static void limit_wait(struct machine *machine, int64_t now_ns)
{
	int64_t longest_ns = machine->rules.longest_wait_ns;

	if (longest_ns < LONGEST_WAIT_NS)
		longest_ns = LONGEST_WAIT_NS;
	if (machine->start_due_ns > now_ns + longest_ns)
		machine->start_due_ns = now_ns + longest_ns;
}

/* Starts the service now, or as soon as the throttle allows. */
static void start(struct machine *machine, struct machine_step *step,
		  int64_t now_ns)
{
	limit_wait(machine, now_ns);
	machine->is_start_due = false;
	if (machine->must_wait) {
		machine->phase = MACHINE_WAITING;
		step->actions |= MACHINE_PUBLISH;
		return;
	}
	if (now_ns < machine->start_due_ns) {
		machine->phase = MACHINE_WAITING;
		step->actions |= MACHINE_PUBLISH | MACHINE_TIMER;
		return;
	}
	run_service(machine, step,
		    is_start_first(machine) ? MACHINE_STARTING : MACHINE_UP,
		    now_ns);
}

/* On the way down, what "run" or "start" did is undone. */
static void go_down(struct machine *machine, struct machine_step *step,
		    int64_t now_ns)
{
	if (!machine->is_started || !machine->rules.has_stop) {
		settle(machine, step);
		return;
	}
	run_script(machine, step, MACHINE_STOPPING);
	set_limit(machine, step, machine->rules.down_limit_ns, now_ns);
}

/* A process is wanted: see to it that one runs. */
static void wake(struct machine *machine, struct machine_step *step,
		 int64_t now_ns)
{
	if (takes_signals(machine))
		return;
	/* Whoever asks for it doesn't wait for the delay of a policy. */
	if (machine->start_due_ns > now_ns + MACHINE_THROTTLE_NS) {
		machine->start_due_ns = now_ns + MACHINE_THROTTLE_NS;
		if (machine->phase == MACHINE_WAITING)
			step->actions |= MACHINE_TIMER;
	}
	if (machine->phase == MACHINE_DOWN)
		start(machine, step, now_ns);
	else if (is_running(machine) && !machine->is_leaving)
		machine->is_start_due = true;
}

/* Tells the service to end, and how long it may take for that. */
static void terminate(struct machine *machine, struct machine_step *step,
		      int64_t now_ns)
{
	const struct machine_rules *rules = &machine->rules;

	machine->is_paused = false;
	/* CONT, so that a stopped process sees its TERM. */
	send_signals(step, rules->down_signal ? rules->down_signal : SIGTERM,
		     SIGCONT);
	machine->is_term_sent = true;
	if (machine->is_ending)
		return; /* its time runs already */
	machine->is_ending = true;
	set_limit(machine, step,
		  rules->kill_after_ns ? rules->kill_after_ns
				       : rules->down_limit_ns,
		  now_ns);
}

bool machine_is_held_back(const struct machine *machine)
{
	return machine->want == MACHINE_WANT_DOWN &&
	       (machine->phase == MACHINE_ACTIVE ||
		(takes_signals(machine) && !machine->is_ending));
}

/* None is wanted: end the one that runs, forget the one that was due. */
static void end(struct machine *machine, struct machine_step *step,
		int64_t now_ns)
{
	machine->is_start_due = false;
	if (machine->is_held && machine_is_held_back(machine))
		return;
	if (takes_signals(machine))
		terminate(machine, step, now_ns);
	else if (!is_running(machine))
		go_down(machine, step, now_ns);
}

static void set_paused(struct machine *machine, struct machine_step *step,
		       bool is_paused, int number)
{
	machine->is_paused = is_paused;
	if (takes_signals(machine))
		send_signals(step, number, 0);
}

/* One signal, which changes no wish. */
static void pass_on(struct machine *machine, struct machine_step *step,
		    int number)
{
	bool is_for_any = number == SIGKILL; /* a script that hangs, too */

	if (!takes_signals(machine) && !(is_for_any && is_running(machine)))
		return;
	send_signals(step, number, 0);
	if (number == SIGTERM && !machine->is_term_sent) {
		machine->is_term_sent = true;
		step->actions |= MACHINE_PUBLISH;
	}
}

static void ask_to_leave(struct machine *machine, struct machine_step *step,
			 int64_t now_ns)
{
	machine->is_leaving = true;
	machine->is_draining = machine->is_start_due = false;
	if (machine->phase == MACHINE_WAITING)
		go_down(machine, step, now_ns); /* no start comes any more */
	else if (!is_running(machine))
		leave(machine, step);
}

static void obey_wish(struct machine *machine, struct machine_step *step,
		      const struct control *command, int64_t now_ns)
{
	switch (command->effect) {
	case CONTROL_UP:
		machine->want = MACHINE_WANT_UP;
		wake(machine, step, now_ns);
		break;
	case CONTROL_ONCE:
		machine->want = MACHINE_WANT_ONCE;
		wake(machine, step, now_ns);
		break;
	case CONTROL_AT_MOST_ONCE:
		/* What was told to end isn't brought up by that. */
		if (machine->want == MACHINE_WANT_UP || !is_running(machine))
			machine->want = MACHINE_WANT_ONCE;
		break;
	case CONTROL_DOWN:
		/* Said twice, it waits for nobody. */
		if (machine->want == MACHINE_WANT_DOWN)
			machine->is_held = false;
		machine->want = MACHINE_WANT_DOWN;
		end(machine, step, now_ns);
		break;
	case CONTROL_LEAVE: ask_to_leave(machine, step, now_ns); break;
	case CONTROL_PAUSE:
		set_paused(machine, step, true, command->signal_number);
		break;
	case CONTROL_CONTINUE:
		set_paused(machine, step, false, command->signal_number);
		break;
	case CONTROL_RESTART:
		if (takes_signals(machine))
			terminate(machine, step, now_ns);
		break;
	case CONTROL_SIGNAL:
	case CONTROL_RELOAD:
	case CONTROL_EFFECT_COUNT: break;
	}
}

static void obey(struct machine *machine, struct machine_step *step,
		 const struct control *command, int64_t now_ns)
{
	step->is_to_group = command->is_to_group;
	if (command->effect == CONTROL_SIGNAL) {
		pass_on(machine, step, command->signal_number);
		return;
	}
	if (command->effect == CONTROL_RELOAD) {
		pass_on(machine, step,
			machine->rules.reload_signal
				? machine->rules.reload_signal
				: command->signal_number);
		return;
	}
	step->actions |= MACHINE_PUBLISH;
	if (command->down_file == CONTROL_DOWN_MADE)
		step->actions |= MACHINE_MAKE_DOWN;
	else if (command->down_file == CONTROL_DOWN_REMOVED)
		step->actions |= MACHINE_REMOVE_DOWN;
	obey_wish(machine, step, command, now_ns);
}

static bool is_wanted(const struct machine *machine)
{
	/* One that leaves may be due yet, for what its pipe still holds. */
	if (machine->is_start_due)
		return true;
	return machine->want == MACHINE_WANT_UP && !machine->is_leaving;
}

/* It isn't tried again until somebody asks for it. */
static void fail(struct machine *machine, struct machine_step *step)
{
	machine->is_failed = true;
	machine->want = MACHINE_WANT_DOWN;
	machine->is_start_due = false;
	step->actions |= MACHINE_PUBLISH;
}

/* Between two lives: the next, or the way down. */
static void after_life(struct machine *machine, struct machine_step *step,
		       int64_t now_ns)
{
	if (is_wanted(machine))
		start(machine, step, now_ns);
	else
		go_down(machine, step, now_ns);
}

/* One that was told to end, as by "restart", hasn't failed by itself. */
static void after_failed_start(struct machine *machine,
			       struct machine_step *step, bool was_told,
			       int64_t now_ns)
{
	if (was_told && is_wanted(machine)) {
		start(machine, step, now_ns);
		return;
	}
	if (!was_told)
		fail(machine, step);
	go_down(machine, step, now_ns);
}

static void after_start(struct machine *machine, struct machine_step *step,
			int64_t now_ns)
{
	machine->is_started = true;
	if (machine->want == MACHINE_WANT_DOWN ||
	    (machine->rules.is_oneshot && machine->is_draining)) {
		go_down(machine, step, now_ns);
	} else if (machine->rules.is_oneshot && machine->is_leaving) {
		leave(machine, step);
	} else if (machine->rules.is_oneshot) {
		machine->phase = MACHINE_ACTIVE;
		machine->is_ready = true;
		machine->is_failed = false;
		step->actions |= MACHINE_PUBLISH;
	} else {
		run_service(machine, step, MACHINE_UP, now_ns);
	}
}

static void after_run(struct machine *machine, struct machine_step *step,
		      bool has_failed, int64_t now_ns)
{
	machine->is_started = true;
	if (has_failed)
		fail(machine, step);
	if (!machine->rules.has_finish) {
		after_life(machine, step, now_ns);
		return;
	}
	run_script(machine, step, MACHINE_FINISHING);
	set_limit(machine, step, machine->rules.finish_limit_ns, now_ns);
}

/* What ran has ended: what follows from that? */
static void after_exit(struct machine *machine, struct machine_step *step,
		       bool has_failed, int64_t now_ns)
{
	bool was_told = machine->is_term_sent;

	forget_process(machine);
	machine->refused = 0;
	switch (machine->phase) {
	case MACHINE_STARTING:
		if (has_failed)
			after_failed_start(machine, step, was_told, now_ns);
		else
			after_start(machine, step, now_ns);
		break;
	case MACHINE_UP: after_run(machine, step, has_failed, now_ns); break;
	case MACHINE_FINISHING:
		if (has_failed)
			fail(machine, step);
		after_life(machine, step, now_ns);
		break;
	case MACHINE_STOPPING:
		machine->is_started = false;
		after_life(machine, step, now_ns);
		break;
	default: break;
	}
}

static void after_refusal(struct machine *machine, struct machine_step *step,
			  int64_t now_ns)
{
	/* The scripts that follow a life are skipped: nothing waits for ever
	 * until a system has processes again. */
	if (!takes_signals(machine)) {
		after_exit(machine, step, false, now_ns);
		return;
	}
	if (machine->refused < MACHINE_RETRY_MOST)
		machine->refused++;
	forget_process(machine);
	machine->start_due_ns = now_ns + machine->refused * MACHINE_RETRY_NS;
	if (machine->want == MACHINE_WANT_DOWN)
		go_down(machine, step, now_ns);
	else
		start(machine, step, now_ns);
}

static void drain(struct machine *machine, struct machine_step *step,
		  int64_t now_ns)
{
	step->actions |= MACHINE_PUBLISH;
	if (!machine->is_leaving) {
		/* Between two lives: nobody has read what is in the pipe. */
		if (is_running(machine) && !takes_signals(machine))
			machine->is_start_due = is_wanted(machine);
		machine->is_draining = true;
	}
	machine->is_leaving = true;
	if (machine->phase == MACHINE_DOWN || machine->phase == MACHINE_ACTIVE)
		go_down(machine, step, now_ns);
	else if (takes_signals(machine) && machine->is_paused)
		set_paused(machine, step, false, SIGCONT);
}

/* It isn't ready in time, or hasn't ended in time. */
static void lose_patience(struct machine *machine, struct machine_step *step,
			  int64_t now_ns)
{
	const struct machine_rules *rules = &machine->rules;

	if (now_ns < machine->limit_ns) {
		step->actions |= MACHINE_TIMER;
		return;
	}
	machine->limit_ns = 0;
	if (takes_signals(machine) && !machine->is_ending) {
		fail(machine, step);
		terminate(machine, step, now_ns);
		return;
	}
	if (takes_signals(machine) && rules->kill_after_ns == 0) {
		machine->is_failed = true; /* and that is all that was asked */
		step->actions |= MACHINE_PUBLISH;
		return;
	}
	if (machine->phase == MACHINE_STOPPING)
		machine->is_failed = true;
	machine->is_paused = false;
	step->actions |= MACHINE_PUBLISH;
	send_signals(step, SIGKILL, SIGCONT);
	set_limit(machine, step, MACHINE_KILL_AGAIN_NS, now_ns);
}

static void on_timer(struct machine *machine, struct machine_step *step,
		     int64_t now_ns)
{
	if (machine->phase == MACHINE_WAITING)
		start(machine, step, now_ns);
	else if (is_running(machine) && machine->limit_ns != 0)
		lose_patience(machine, step, now_ns);
}

static void become_ready(struct machine *machine, struct machine_step *step)
{
	if (machine->phase != MACHINE_UP || machine->is_ready)
		return;
	machine->is_ready = true;
	step->actions |= MACHINE_PUBLISH;
	if (!machine->is_ending)
		machine->limit_ns = 0;
}

/* What made it wait, or held it, may be over. */
static void release(struct machine *machine, struct machine_step *step,
		    int64_t now_ns)
{
	if (machine->phase == MACHINE_WAITING && !machine->must_wait) {
		start(machine, step, now_ns);
	} else if (machine_is_held_back(machine) && !machine->is_held) {
		step->actions |= MACHINE_PUBLISH;
		end(machine, step, now_ns);
	}
}

/* A "start" that runs is left to come to its end. */
static void yield(struct machine *machine, struct machine_step *step,
		  int64_t now_ns)
{
	if (machine->phase == MACHINE_UP && !machine->is_ending) {
		step->actions |= MACHINE_PUBLISH;
		terminate(machine, step, now_ns);
	} else if (machine->phase == MACHINE_ACTIVE &&
		   machine->want == MACHINE_WANT_DOWN) {
		go_down(machine, step, now_ns); /* it is to end anyhow */
	} else if (machine->phase == MACHINE_ACTIVE) {
		machine->is_start_due = true;
		machine->is_ready = false;
		if (machine->rules.has_stop) {
			go_down(machine, step, now_ns);
			return;
		}
		machine->is_started = false;
		start(machine, step, now_ns);
	}
}

static void stop(struct machine *machine, struct machine_step *step,
		 int64_t now_ns)
{
	machine->want = MACHINE_WANT_DOWN;
	machine->is_leaving = true;
	step->actions |= MACHINE_PUBLISH;
	end(machine, step, now_ns);
}

struct machine_step machine_step(struct machine *machine,
				 enum machine_event event, char letter,
				 int64_t now_ns)
{
	struct machine_step step = {.actions = 0};
	const struct control *command;

	if (machine->phase == MACHINE_GONE)
		return step;
	switch (event) {
	case EVENT_BEGIN:
		if (machine->phase == MACHINE_DOWN &&
		    machine->want == MACHINE_WANT_UP)
			start(machine, &step, now_ns);
		else
			step.actions |= MACHINE_PUBLISH;
		break;
	case EVENT_COMMAND:
		command = control_find(letter);
		if (command)
			obey(machine, &step, command, now_ns);
		break;
	case EVENT_EXITED:
	case EVENT_FAILED:
		if (is_running(machine))
			after_exit(machine, &step, event == EVENT_FAILED,
				   now_ns);
		break;
	case EVENT_START_REFUSED:
		if (is_running(machine))
			after_refusal(machine, &step, now_ns);
		break;
	case EVENT_TIMER: on_timer(machine, &step, now_ns); break;
	case EVENT_READY: become_ready(machine, &step); break;
	case EVENT_RELEASED: release(machine, &step, now_ns); break;
	case EVENT_YIELD: yield(machine, &step, now_ns); break;
	case EVENT_STOP: stop(machine, &step, now_ns); break;
	case EVENT_DRAIN: drain(machine, &step, now_ns); break;
	case EVENT_COUNT: break;
	}
	return step;
}

/* The most that is ever granted to what runs; 0: it may take any time. */
static int64_t longest_limit_ns(const struct machine *machine)
{
	const struct machine_rules *rules = &machine->rules;
	int64_t longest_ns = 0;

	if (takes_signals(machine) && !machine->is_ending)
		return machine->is_ready ? 0 : rules->up_limit_ns;
	if (takes_signals(machine) && rules->kill_after_ns == 0)
		return rules->down_limit_ns;
	if (takes_signals(machine))
		longest_ns = rules->kill_after_ns;
	else if (machine->phase == MACHINE_FINISHING)
		longest_ns = rules->finish_limit_ns;
	else if (machine->phase == MACHINE_STOPPING)
		longest_ns = rules->down_limit_ns;
	if (longest_ns > 0 && longest_ns < MACHINE_KILL_AGAIN_NS)
		longest_ns = MACHINE_KILL_AGAIN_NS;
	return longest_ns;
}

/* What has a limit that can't be gets all of its time once more. */
static void mend_limit(struct machine *machine, int64_t now_ns)
{
	int64_t longest_ns = longest_limit_ns(machine);
	int64_t earliest_ns = 1;

	/* Not before it started. */
	if (takes_signals(machine) &&
	    machine->start_due_ns > MACHINE_THROTTLE_NS &&
	    machine->start_due_ns <= now_ns + MACHINE_THROTTLE_NS)
		earliest_ns = machine->start_due_ns - MACHINE_THROTTLE_NS;
	if (longest_ns == 0)
		machine->limit_ns = 0;
	else if (machine->limit_ns != 0 &&
		 (machine->limit_ns < earliest_ns ||
		  machine->limit_ns > now_ns + longest_ns))
		machine->limit_ns = now_ns + longest_ns;
}

void machine_mend(struct machine *machine, int64_t now_ns)
{
	bool is_between = machine->phase == MACHINE_FINISHING ||
			  machine->phase == MACHINE_STOPPING;

	if (machine->start_due_ns < 0)
		machine->start_due_ns = 0;
	limit_wait(machine, now_ns);
	if (!is_between || machine->want == MACHINE_WANT_DOWN)
		machine->is_start_due = false;
	mend_limit(machine, now_ns);
}
