/* service.c -- see service.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/tai64n.h"
#include "engine/aside.h"
#include "engine/event.h"
#include "engine/herald.h"
#include "engine/hook.h"
#include "engine/orders.h"
#include "engine/probe.h"
#include "engine/process.h"
#include "engine/publish.h"
#include "engine/ready.h"
#include "engine/rules.h"
#include "engine/service.h"
#include "engine/step.h"
#include "service/config.h"
#include "service/supervise_dir.h"

void service_close(struct service *service)
{
	int *const owned[] = {&service->control_fd, &service->ok_fd,
			      &service->site.lock_fd};

	loop_watch_remove(service->site.loop, &service->control);
	ready_close(service);
	herald_close(service);
	for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++) {
		if (*owned[i] != -1)
			close(*owned[i]);
		*owned[i] = -1;
	}
}

void service_visit_fifos(const struct service *service,
			 void (*visit)(int fd, void *with), void *with)
{
	if (!service->site.is_hosted)
		return;
	visit(service->control_fd, with);
	if (service->ok_fd != -1)
		visit(service->ok_fd, with);
}

void service_let_go(struct service *service)
{
	orders_take_out(service);
	service->site.is_hosted = false;
	event_tell(service, "x");
	aside_forget_all(service);
	loop_timer_cancel(service->site.loop, &service->timer);
	loop_timer_cancel(service->site.loop, &service->again);
	loop_timer_cancel(service->site.loop, &service->probe);
	service_close(service);
	rules_forget(service);
	process_bury(service);
	service->on_gone(service);
}

void service_send_due(struct service *service)
{
	if (service->standing.signals_due[0] == 0)
		return;
	process_send(service, service->standing.signals_due,
		     service->standing.is_due_to_group);
	service->standing.signals_due[0] = service->standing.signals_due[1] = 0;
	/* In an orderly stop the end is put on record soon; until then it would
	 * only be told to end once more. */
	if (!service->standing.machine.is_leaving)
		publish(service);
}

void service_hooked(struct service *service, bool is_done)
{
	if (!service->site.is_hosted || service->standing.signals_due[0] == 0)
		return;
	if (is_done) {
		service->standing.signals_due[0] =
			service->standing.signals_due[1];
		service->standing.signals_due[1] = 0;
		service->standing.machine.is_term_sent = service->was_term_sent;
		service->standing.is_due_to_group = false;
	}
	if (service->standing.signals_due[0] == 0)
		publish(service);
	service_send_due(service);
}

static void remove_down_file(struct service *service)
{
	if (unlinkat(service->site.dir_fd, "down", 0) == -1 && errno != ENOENT)
		diag_warn_errno("unable to remove %s/down", service->site.name);
}

static void make_down_file(struct service *service)
{
	int fd = openat(
		service->site.dir_fd, "down",
		O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);

	if (fd == -1)
		diag_warn_errno("unable to make %s/down", service->site.name);
	else
		close(fd);
}

bool service_change_down_file(struct service *service)
{
	enum control_down_file due = service->standing.down_file_due;

	if (due == CONTROL_DOWN_REMOVED)
		remove_down_file(service);
	else if (due == CONTROL_DOWN_MADE)
		make_down_file(service);
	service->standing.down_file_due = CONTROL_DOWN_LEFT;
	return due != CONTROL_DOWN_LEFT;
}

static enum control_down_file down_file_of(unsigned actions)
{
	if (actions & MACHINE_MAKE_DOWN)
		return CONTROL_DOWN_MADE;
	return actions & MACHINE_REMOVE_DOWN ? CONTROL_DOWN_REMOVED
					     : CONTROL_DOWN_LEFT;
}

void service_set_timers(struct service *service)
{
	int64_t due_ns = machine_due_ns(&service->standing.machine);

	if (due_ns == 0)
		loop_timer_cancel(service->site.loop, &service->timer);
	else if (!service->timer.is_set || service->timer.due_ns != due_ns)
		loop_timer_set(service->site.loop, &service->timer, due_ns);
	probe_update(service);
}

/* The command whose hook holds back what the step sends; 0: none does. */
static char hook_of_step(const struct service *service,
			 const struct machine_step *step,
			 enum machine_event event, char letter)
{
	if (!(step->actions & MACHINE_SIGNAL))
		return 0;
	letter = event == EVENT_COMMAND ? letter
		 : event == EVENT_STOP  ? 'x'
					: 0;
	return letter != 0 && hook_holds(service, letter) ? letter : 0;
}

/*
 * Wishes go on record before they are acted on, and with them the signals and
 * the file that they demand, until that is done: a supervisor killed at any
 * point in between is followed by one that goes on there.
 */
static void put_on_record(struct service *service, enum machine_event event,
			  const struct machine_step *step, char hook)
{
	bool is_awaited = hook_is_awaited(service);

	if (hook == 0 && !(step->actions & MACHINE_PUBLISH)) {
		if (step->actions & MACHINE_SIGNAL)
			process_send(service, step->signals, step->is_to_group);
		return;
	}
	if (!is_awaited) { /* else there are those that its hook holds back */
		memcpy(service->standing.signals_due, step->signals,
		       sizeof(step->signals));
		service->standing.is_due_to_group = step->is_to_group;
	}
	service->standing.down_file_due = down_file_of(step->actions);
	if (event == EVENT_STOP && step->signals[0] != 0)
		publish_wish(service);
	else
		publish(service);
	if (service_change_down_file(service))
		publish(service);
	if (is_awaited)
		process_send(service, step->signals, step->is_to_group);
	else if (hook != 0)
		hook_start(service, hook);
	else
		service_send_due(service);
}

/* What it failed at by itself, that is, while it was wanted. */
static void tell_of_giving_up(struct service *service, enum machine_event event,
			      enum machine_want before)
{
	const struct giving_up *rule = &rules_of(service)->giving_up;

	if ((event == EVENT_FAILED || event == EVENT_TIMER) &&
	    service->standing.machine.is_failed &&
	    before != MACHINE_WANT_DOWN &&
	    service->standing.machine.want == MACHINE_WANT_DOWN &&
	    rule->is_shutdown && service->on_giving_up)
		service->on_giving_up(service, rule->code);
}

void service_step(struct service *service, enum machine_event event,
		  char letter)
{
	enum machine_want want = service->standing.machine.want;
	bool was_ready = service->standing.machine.is_ready;
	bool was_term_sent = service->standing.machine.is_term_sent;
	struct machine_step step;
	char hook;

	process_finish_start(service);
	if (!service->site.is_hosted)
		return;
	if (service->gate)
		service->gate->before_step(service);
	service->standing.machine.must_wait |= service->is_closing;
	step = machine_step(&service->standing.machine, event, letter,
			    loop_now_ns());
	step.is_to_group |= event == EVENT_COMMAND && service->is_for_group;
	hook = hook_of_step(service, &step, event, letter);
	tell_of_giving_up(service, event, want);
	if (service->standing.machine.is_ready && !was_ready)
		service->standing.ready_at = tai64n_now();
	if (hook != 0)
		service->was_term_sent = was_term_sent;
	put_on_record(service, event, &step, hook);
	if (!(step.actions & MACHINE_START)) /* else that is yet to come */
		event_flush(service);
	if (service->standing.machine.is_ready && !was_ready)
		event_tell(service, "U");
	if (step.actions & MACHINE_START)
		process_start(service);
	service_set_timers(service);
	if (step.actions & MACHINE_LEAVE)
		service_let_go(service);
	process_bury(service);
	if (service->gate)
		service->gate->after_step(service);
}

void service_on_timer(struct loop_timer *timer)
{
	struct service *service = timer->owner;

	service_stop_if_removed(service);
	if (!service->site.is_hosted)
		return;
	if (service->standing.machine.phase == MACHINE_WAITING)
		rules_refresh(service);
	service_step(service, EVENT_TIMER, 0);
}

void service_stop_if_removed(struct service *service)
{
	struct stat status;

	if (fstat(service->site.dir_fd, &status) == 0 && status.st_nlink == 0)
		service_step(service, EVENT_STOP, 0);
}

/* ---- what others ask for ---- */

void service_stop(struct service *service)
{
	if (service->site.is_hosted)
		service_step(service, EVENT_STOP, 0);
}

void service_drain(struct service *service)
{
	if (service->site.is_hosted)
		service_step(service, EVENT_DRAIN, 0);
}

void service_obey(struct service *service, char letter)
{
	if (service->site.is_hosted)
		orders_obey(service, letter);
}

void service_release(struct service *service)
{
	if (service->site.is_hosted)
		service_step(service, EVENT_RELEASED, 0);
}

void service_end_held(struct service *service)
{
	if (service->site.is_hosted &&
	    machine_is_held_back(&service->standing.machine))
		service_step(service, EVENT_RELEASED, 0);
}

void service_yield(struct service *service)
{
	if (service->site.is_hosted)
		service_step(service, EVENT_YIELD, 0);
}

void service_ready(struct service *service)
{
	if (service->site.is_hosted)
		service_step(service, EVENT_READY, 0);
}

bool service_is_running(const struct service *service)
{
	return service->site.is_hosted &&
	       (service->standing.pid != 0 || service->is_start_pending);
}

void service_forget(struct service *service)
{
	process_finish_start(service);
	if (!service->site.is_hosted)
		return;
	service->site.is_hosted = false;
	aside_forget_all(service);
	loop_timer_cancel(service->site.loop, &service->timer);
	loop_timer_cancel(service->site.loop, &service->again);
	loop_timer_cancel(service->site.loop, &service->probe);
	loop_process_remove(service->site.loop, &service->process);
	service_close(service);
	process_bury(service);
	rules_forget(service);
}
