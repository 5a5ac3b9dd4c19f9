/* machine.c -- see machine.h. */
#include <signal.h>

#include "service/control.h"
#include "service/machine.h"

#define LONGEST_WAIT_NS (MACHINE_RETRY_MOST * MACHINE_RETRY_NS)

static bool is_running(const struct machine *machine)
{
	return machine->phase == MACHINE_UP;
}

static void send_signals(struct machine_step *step, int first, int second)
{
	step->actions |= MACHINE_SIGNAL;
	step->signals[0] = first;
	step->signals[1] = second;
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
	step->actions |= MACHINE_PUBLISH;
	if (machine->is_leaving)
		leave(machine, step);
}

/* Starts the process now, or as soon as the throttle allows. */
static void start(struct machine *machine, struct machine_step *step,
		  int64_t now_ns)
{
	/* A damaged record may hold any moment; none this far off is ours. */
	if (machine->start_due_ns > now_ns + LONGEST_WAIT_NS)
		machine->start_due_ns = now_ns + LONGEST_WAIT_NS;
	if (now_ns < machine->start_due_ns) {
		machine->phase = MACHINE_WAITING;
		step->actions |= MACHINE_PUBLISH | MACHINE_TIMER;
		return;
	}
	machine->phase = MACHINE_UP;
	machine->is_paused = false;
	machine->is_term_sent = false;
	machine->start_due_ns = now_ns + MACHINE_THROTTLE_NS;
	step->actions |= MACHINE_START;
}

/* A process is wanted: see to it that one runs. */
static void wake(struct machine *machine, struct machine_step *step,
		 int64_t now_ns)
{
	if (machine->phase == MACHINE_DOWN)
		start(machine, step, now_ns);
}

/* None is wanted: end the one that runs, forget the one that was due. */
static void end(struct machine *machine, struct machine_step *step)
{
	if (!is_running(machine)) {
		settle(machine, step);
		return;
	}
	machine->is_paused = false;
	machine->is_term_sent = true;
	/* CONT, so that a stopped process sees its TERM. */
	send_signals(step, SIGTERM, SIGCONT);
}

static void set_paused(struct machine *machine, struct machine_step *step,
		       bool is_paused, int number)
{
	machine->is_paused = is_paused;
	if (is_running(machine))
		send_signals(step, number, 0);
}

static void obey(struct machine *machine, struct machine_step *step,
		 const struct control *command, int64_t now_ns)
{
	if (command->effect == CONTROL_SIGNAL) {
		if (!is_running(machine))
			return;
		send_signals(step, command->signal_number, 0);
		if (command->signal_number == SIGTERM &&
		    !machine->is_term_sent) {
			machine->is_term_sent = true;
			step->actions |= MACHINE_PUBLISH;
		}
		return;
	}
	step->actions |= MACHINE_PUBLISH;
	switch (command->effect) {
	case CONTROL_UP:
		machine->want = MACHINE_WANT_UP;
		wake(machine, step, now_ns);
		break;
	case CONTROL_ONCE:
		machine->want = MACHINE_WANT_ONCE;
		wake(machine, step, now_ns);
		break;
	case CONTROL_DOWN:
		machine->want = MACHINE_WANT_DOWN;
		end(machine, step);
		break;
	case CONTROL_LEAVE:
		machine->is_leaving = true;
		machine->is_draining = false;
		if (!is_running(machine))
			leave(machine, step);
		break;
	case CONTROL_PAUSE:
		set_paused(machine, step, true, command->signal_number);
		break;
	case CONTROL_CONTINUE:
		set_paused(machine, step, false, command->signal_number);
		break;
	case CONTROL_SIGNAL:
	case CONTROL_EFFECT_COUNT: break;
	}
}

/* The process ended: leave, start another, or rest. */
static void after_exit(struct machine *machine, struct machine_step *step,
		       int64_t now_ns)
{
	machine->is_paused = false;
	machine->is_term_sent = false;
	machine->refused = 0;
	if (machine->want == MACHINE_WANT_UP && !machine->is_leaving)
		start(machine, step, now_ns);
	else
		settle(machine, step);
}

static void after_refusal(struct machine *machine, struct machine_step *step,
			  int64_t now_ns)
{
	if (machine->refused < MACHINE_RETRY_MOST)
		machine->refused++;
	machine->is_paused = false;
	machine->is_term_sent = false;
	machine->start_due_ns = now_ns + machine->refused * MACHINE_RETRY_NS;
	if (machine->want == MACHINE_WANT_DOWN)
		settle(machine, step);
	else
		start(machine, step, now_ns);
}

static void drain(struct machine *machine, struct machine_step *step)
{
	step->actions |= MACHINE_PUBLISH;
	if (!machine->is_leaving)
		machine->is_draining = true;
	machine->is_leaving = true;
	if (machine->phase == MACHINE_DOWN) {
		settle(machine, step);
		return;
	}
	if (is_running(machine) && machine->is_paused)
		set_paused(machine, step, false, SIGCONT);
}

struct machine_step machine_step(struct machine *machine,
				 enum machine_event event, char letter,
				 int64_t now_ns)
{
	struct machine_step step = {0, {0, 0}};
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
		if (is_running(machine))
			after_exit(machine, &step, now_ns);
		break;
	case EVENT_START_REFUSED:
		if (is_running(machine))
			after_refusal(machine, &step, now_ns);
		break;
	case EVENT_TIMER:
		if (machine->phase == MACHINE_WAITING)
			start(machine, &step, now_ns);
		break;
	case EVENT_STOP:
		machine->want = MACHINE_WANT_DOWN;
		machine->is_leaving = true;
		step.actions |= MACHINE_PUBLISH;
		end(machine, &step);
		break;
	case EVENT_DRAIN: drain(machine, &step); break;
	case EVENT_COUNT: break;
	}
	return step;
}
