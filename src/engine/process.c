/* process.c -- see process.h. */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/diag.h"
#include "base/tai64n.h"
#include "engine/event.h"
#include "engine/herald.h"
#include "engine/hook.h"
#include "engine/notify.h"
#include "engine/orders.h"
#include "engine/probe.h"
#include "engine/process.h"
#include "engine/publish.h"
#include "engine/ready.h"
#include "engine/rules.h"
#include "engine/scope.h"
#include "engine/script.h"
#include "engine/starter.h"
#include "engine/step.h"
#include "engine/takeover.h"
#include "service/config.h"

void process_bury(struct service *service)
{
	if (!service->is_start_pending)
		loop_bury(&service->remains);
}

/* What is on record of the last end is that of the service itself, not of the
 * scripts that tidy up. */
void process_note_end(struct service *service, struct process_end end)
{
	enum machine_phase phase = service->standing.machine.phase;

	service->standing.changed_at = tai64n_now();
	notify_end(service, &end);
	if (phase == MACHINE_UP || phase == MACHINE_STARTING) {
		service->standing.last_end = end;
		service->standing.last_end_at = service->standing.changed_at;
	}
	if (phase == MACHINE_UP) {
		scope_remove(service);
		service->standing.last_pid = service->standing.pid;
		service->standing.deaths++;
	}
	service->standing.pid = 0;
	service->standing.start_ticks = 0;
	/* What a hook holds back was not meant for the next. */
	service->standing.signals_due[0] = service->standing.signals_due[1] = 0;
	ready_close(service);
	herald_close(service);
}

void process_ended(struct service *service, struct process_end end)
{
	enum machine_phase phase = service->standing.machine.phase;
	enum machine_event event;

	rules_refresh_after_changes(service);
	process_note_end(service, end);
	event = rules_judge_end(service, &end);
	event_note_end(service, phase, event == EVENT_FAILED);
	service_step(service, event, 0);
}

/* Commands that came before the death count in what follows from it. */
static void on_exit_of_process(struct loop_process *process,
			       struct process_end end)
{
	struct service *service = process->owner;

	orders_read(service, ORDERS_MOST);
	service_stop_if_removed(service);
	process_ended(service, end);
}

int process_watch(struct service *service, pid_t pid, int pidfd, bool is_child)
{
	service->process = (struct loop_process){
		.pid = pid,
		.is_child = is_child,
		.remains = &service->remains,
		.on_exit = on_exit_of_process,
		.owner = service,
	};
	return loop_process_add(service->site.loop, &service->process, pidfd);
}

static void refuse_start(struct service *service)
{
	int error = errno;
	int64_t now_ns = loop_now_ns();
	bool is_tried_again =
		service->standing.machine.phase == MACHINE_UP ||
		service->standing.machine.phase == MACHINE_STARTING;

	service_step(service, EVENT_START_REFUSED, 0);
	errno = error;
	if (!is_tried_again) {
		diag_warn_errno("unable to fork for %s, going on without",
				service->site.name);
		return;
	}
	diag_warn_errno("unable to fork for %s, sleeping %d seconds",
			service->site.name,
			(int)((service->standing.machine.start_due_ns - now_ns +
			       500000000) /
			      1000000000));
}

/* A process that can't be watched is as good as none. */
static int give_up_process(const struct spawned *spawned)
{
	int error = errno;

	kill(spawned->pid, SIGKILL);
	waitpid(spawned->pid, NULL, 0);
	errno = error;
	return -1;
}

/* What follows, once the process has a number. */
static void after_start(struct service *service, const struct spawned *spawned)
{
	service->standing.pid = spawned->pid;
	service->standing.start_ticks = spawned->start_ticks;
	if (spawned->record == RECORD_COMPLETE)
		service->is_fresh = false; /* the process made "ok", too */
	publish_started(service, spawned->record);
	takeover_offer_ok(service);
	event_flush(service);
	notify_start(service);
	if (service->standing.machine.phase == MACHINE_UP)
		event_tell(service, "u");
	probe_update(service);
	if (service->gate)
		service->gate->after_step(service);
}

static void after_no_start(struct service *service)
{
	int error = errno;

	service->standing.starts -=
		service->standing.machine.phase == MACHINE_UP;
	service->standing.changed_at = service->changed_before;
	publish_forget(service);
	errno = error;
	refuse_start(service);
	takeover_offer_ok(service);
}

void service_started(struct service *service, const struct spawned *spawned)
{
	service->is_start_pending = false;
	if (spawned->pid != -1 &&
	    (process_watch(service, spawned->pid, spawned->pidfd, true) == 0 ||
	     give_up_process(spawned) == 0))
		after_start(service, spawned);
	else
		after_no_start(service);
	process_bury(service);
}

/* Whoever can't be heard to be ready can't be late for it. */
void process_listen(struct service *service, bool is_new)
{
	struct machine *machine = &service->standing.machine;

	if (is_new || !machine->is_ready)
		ready_listen(service, is_new);
	herald_listen(service, is_new);
	if (ready_is_said(service) && !service->ready.is_added &&
	    !service->herald && !machine->is_ending)
		machine->limit_ns = 0;
}

static void start_now(struct service *service)
{
	struct script script;
	struct spawned spawned;

	if (service->before_start)
		service->before_start(service);
	if (service->standing.machine.phase == MACHINE_UP)
		process_listen(service, true);
	service->changed_before = service->standing.changed_at;
	service->standing.changed_at = tai64n_now();
	service->standing.starts +=
		service->standing.machine.phase == MACHINE_UP;
	service->is_start_pending = true;
	if (service->starter) {
		starter_add(service->starter, service);
		return;
	}
	spawned.pid = -1;
	if (script_prepare(service, &script) == 0)
		spawn(service->site.spawner, 0, &script.plan, &spawned);
	service_started(service, &spawned);
	script_free(&script);
}

void process_start(struct service *service)
{
	if (service->standing.machine.phase != MACHINE_UP ||
	    !hook_holds(service, 'u')) {
		start_now(service);
		return;
	}
	publish(service); /* that it is about to start */
	event_flush(service);
	hook_start(service, 'u');
}

void service_start_on(struct service *service)
{
	if (!service->site.is_hosted ||
	    service->standing.machine.phase != MACHINE_UP ||
	    service->standing.pid != 0 || service->is_start_pending)
		return;
	if (service->standing.machine.is_ending) { /* in the meantime */
		service_step(service, EVENT_START_REFUSED, 0);
		return;
	}
	start_now(service);
}

void process_finish_start(struct service *service)
{
	if (service->is_start_pending)
		starter_flush(service->starter);
}

/* To the process, or to all of its group, which it leads. */
static void send_signal(struct service *service, int number, bool is_to_group)
{
	if (number == SIGKILL && scope_kill(service))
		return;
	/* As long as the leader can be asked for, the group has its number. */
	if (is_to_group && loop_process_signal(&service->process, 0) == 0 &&
	    kill(-service->standing.pid, number) == 0)
		return;
	loop_process_signal(&service->process, number);
}

void process_send(struct service *service, const int signals[2],
		  bool is_to_group)
{
	bool is_group = is_to_group ||
			rules_of(service)->kill_scope != CONFIG_SCOPE_PROCESS;

	for (int i = 0; i < 2 && signals[i] != 0; i++)
		send_signal(service, signals[i], is_group);
}
