/* step.c -- see step.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/signame.h"
#include "base/strb.h"
#include "engine/aside.h"
#include "engine/down_file.h"
#include "engine/herald.h"
#include "engine/life.h"
#include "engine/rules.h"
#include "engine/service.h"
#include "engine/starter.h"
#include "engine/step.h"
#include "service/config.h"
#include "service/since.h"

#define EXIT_SIGNAL 128 /* of a shell's: and the signal's number */

void service_publish(struct service *service)
{
	const struct news news = service_news(service);

	publish(&service->publisher, &news);
}

void service_offer_ok(struct service *service)
{
	if (!service->is_start_pending)
		presence_offer(&service->presence, &service->site,
			       service->orders.watch.fd);
}

/* Waits until what was handed to the starter has a number: nothing can be done
 * to a process before. */
static void finish_start(struct service *service)
{
	if (service->is_start_pending)
		starter_flush(service->starter);
}

/* The end of the last process is on record, unless the record is that of a
 * start to come. */
static void bury(struct service *service)
{
	if (!service->is_start_pending)
		process_bury(&service->process);
}

static void send_signals(struct service *service, const int signals[2],
			 bool is_to_group)
{
	process_send(&service->process, &service->site, signals, is_to_group);
}

/* ---- letting go ---- */

void service_close(struct service *service)
{
	struct site *site = &service->site;

	ready_close(&service->ready, site);
	herald_leave(&service->herald);
	orders_close(&service->orders, site);
	presence_close(&service->presence);
	if (site->lock_fd != -1)
		close(site->lock_fd);
	site->lock_fd = -1;
}

/* It isn't hosted any more: nothing of it comes up by itself. */
static void quiet(struct service *service)
{
	struct site *site = &service->site;

	aside_forget_all(site);
	loop_timer_cancel(site->loop, &service->timer);
	publish_end(&service->publisher, site);
	probe_end(&service->probe, site);
}

void service_let_go(struct service *service)
{
	orders_take_out(&service->orders);
	service->site.is_hosted = false;
	event_tell(&service->site, "x");
	quiet(service);
	service_close(service);
	rules_forget(&service->site);
	bury(service);
	service->calls->on_gone(service);
}

/* ---- what is on record as due ---- */

void service_send_due(struct service *service)
{
	struct standing *standing = &service->standing;

	if (standing->signals_due[0] == 0)
		return;
	send_signals(service, standing->signals_due, standing->is_due_to_group);
	standing->signals_due[0] = standing->signals_due[1] = 0;
	/* In an orderly stop the end is put on record soon; until then it would
	 * only be told to end once more. */
	if (!standing->machine.is_leaving)
		service_publish(service);
}

/* A hook is over: sends what it held back, the first signal only if it
 * `is_done` already. */
static void send_held_back(struct service *service, bool is_done)
{
	struct standing *standing = &service->standing;

	if (!service->site.is_hosted || standing->signals_due[0] == 0)
		return;
	if (is_done) {
		standing->signals_due[0] = standing->signals_due[1];
		standing->signals_due[1] = 0;
		standing->machine.is_term_sent = service->was_term_sent;
		standing->is_due_to_group = false;
	}
	if (standing->signals_due[0] == 0)
		service_publish(service);
	service_send_due(service);
}

bool service_change_down_file(struct service *service)
{
	enum control_down_file due = service->standing.down_file_due;

	service->standing.down_file_due = CONTROL_DOWN_LEFT;
	return down_file_change(&service->site, due);
}

static enum control_down_file down_file_of(unsigned actions)
{
	if (actions & MACHINE_MAKE_DOWN)
		return CONTROL_DOWN_MADE;
	return actions & MACHINE_REMOVE_DOWN ? CONTROL_DOWN_REMOVED
					     : CONTROL_DOWN_LEFT;
}

/* ---- hooks ---- */

/* While one is awaited, no commands are read. */
static void start_hook(struct service *service, char letter)
{
	orders_listen(&service->orders, &service->site, false);
	hook_start(&service->hook, &service->site, letter);
}

static void end_hooks(struct service *service)
{
	if (service->site.is_hosted)
		orders_listen(&service->orders, &service->site, true);
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
	return letter != 0 && hook_holds(&service->hook, &service->site, letter)
		       ? letter
		       : 0;
}

/* ---- starts ---- */

/* Now or, where there is a starter, with the others of this round. */
static void start_now(struct service *service)
{
	life_begin(service);
	if (service->starter)
		starter_add(service->starter, service);
	else
		starter_make(service);
}

/* First its hook, if any. */
static void start(struct service *service)
{
	if (service->standing.machine.phase != MACHINE_UP ||
	    !hook_holds(&service->hook, &service->site, 'u')) {
		start_now(service);
		return;
	}
	service_publish(service); /* that it is about to start */
	event_flush(&service->events, &service->site);
	start_hook(service, 'u');
}

/* The hook of a start is over. */
static void start_on(struct service *service)
{
	const struct standing *standing = &service->standing;

	if (!service->site.is_hosted || standing->machine.phase != MACHINE_UP ||
	    standing->pid != 0 || service->is_start_pending)
		return;
	if (standing->machine.is_ending) { /* in the meantime */
		service_step(service, EVENT_START_REFUSED, 0);
		return;
	}
	start_now(service);
}

static void refuse_start(struct service *service)
{
	const struct machine *machine = &service->standing.machine;
	int error = errno;
	int64_t now_ns = loop_now_ns();
	bool is_tried_again = machine->phase == MACHINE_UP ||
			      machine->phase == MACHINE_STARTING;

	service_step(service, EVENT_START_REFUSED, 0);
	errno = error;
	if (!is_tried_again) {
		diag_warn_errno("unable to fork for %s, going on without",
				service->site.name);
		return;
	}
	diag_warn_errno("unable to fork for %s, sleeping %d seconds",
			service->site.name,
			(int)((machine->start_due_ns - now_ns + 500000000) /
			      1000000000));
}

static void conclude_start(struct service *service,
			   const struct spawned *spawned)
{
	if (life_begun(service, spawned) == -1) {
		refuse_start(service);
		service_offer_ok(service);
	}
	bury(service);
}

/* What runs is its script, from now on. */
static void note_loaded(struct service *service)
{
	service_publish(service);
	probe_update(&service->probe, &service->site);
	if (service->gate)
		service->gate->after_step(service);
}

/* It was told to end, and not even KILL can make it: nobody waits for it any
 * more. It has the lock until it dies, or is the script after all. */
static void abandon(struct service *service)
{
	diag_warn("unable to end %s, going on without", service->site.name);
	service_forget(service);
	service->is_abandoned = true;
	service->calls->on_gone(service);
	if (service->gate)
		service->gate->after_step(service);
}

/* ---- a step ---- */

void service_set_timers(struct service *service)
{
	int64_t due_ns = machine_due_ns(&service->standing.machine);

	if (due_ns == 0)
		loop_timer_cancel(service->site.loop, &service->timer);
	else if (!service->timer.is_set || service->timer.due_ns != due_ns)
		loop_timer_set(service->site.loop, &service->timer, due_ns);
	probe_update(&service->probe, &service->site);
}

/*
 * Wishes go on record before they are acted on, and with them the signals and
 * the file that they demand, until that is done: a supervisor killed at any
 * point in between is followed by one that goes on there.
 */
static void put_on_record(struct service *service, enum machine_event event,
			  const struct machine_step *step, char hook)
{
	struct standing *standing = &service->standing;
	bool is_awaited = hook_is_awaited(&service->hook);
	struct news news;

	if (hook == 0 && !(step->actions & MACHINE_PUBLISH)) {
		if (step->actions & MACHINE_SIGNAL)
			send_signals(service, step->signals, step->is_to_group);
		return;
	}
	if (!is_awaited) { /* else there are those that its hook holds back */
		memcpy(standing->signals_due, step->signals,
		       sizeof(step->signals));
		standing->is_due_to_group = step->is_to_group;
	}
	standing->down_file_due = down_file_of(step->actions);
	news = service_news(service);
	if (event == EVENT_STOP && step->signals[0] != 0)
		publish_wish(&service->publisher, &news);
	else
		publish(&service->publisher, &news);
	if (service_change_down_file(service))
		service_publish(service);
	if (is_awaited)
		send_signals(service, step->signals, step->is_to_group);
	else if (hook != 0)
		start_hook(service, hook);
	else
		service_send_due(service);
}

/* By itself, that is, while it was wanted. */
static bool has_failed(const struct machine *machine, enum machine_event event,
		       const struct machine *before)
{
	return (event == EVENT_FAILED || event == EVENT_TIMER) &&
	       machine->is_failed && before->want != MACHINE_WANT_DOWN &&
	       machine->want == MACHINE_WANT_DOWN;
}

/* Its work is done; the policy has taken back the wish that it runs. */
static bool has_done_its_work(const struct machine *machine,
			      enum machine_event event,
			      const struct machine *before)
{
	return event == EVENT_EXITED && before->phase == MACHINE_UP &&
	       machine->want == MACHINE_WANT_ONCE && !machine->is_leaving &&
	       !machine->is_start_due;
}

/* The exit code that its last end comes to, for a shell; and that in words. */
static int code_of_end(const struct standing *standing, struct strb *why)
{
	const struct process_end *end = &standing->last_end;
	char name[SIGNAME_SIZE];

	if (standing->pid != 0 || !end->is_known) {
		strb_add(why, "has ended");
		return EXIT_SYSTEM;
	}
	if (end->signal_number != 0) {
		strb_add_format(why, "was killed by %s",
				signame_of(end->signal_number, name));
		return EXIT_SIGNAL + end->signal_number;
	}
	strb_add_format(why, "ended with exit code %d", end->exit_code);
	return end->exit_code;
}

static void tell_of_end(const struct service *service, enum machine_event event,
			const struct machine *before)
{
	const struct standing *standing = &service->standing;
	const struct service_config *config = rules_of(&service->site);
	bool is_failure = has_failed(&standing->machine, event, before);
	char room[64];
	struct strb why = strb_on(room, sizeof(room));
	int code;

	if (!service->calls->on_giving_up ||
	    (!is_failure &&
	     !has_done_its_work(&standing->machine, event, before)))
		return;
	if (is_failure && config->giving_up.is_shutdown) {
		service->calls->on_giving_up((struct service *)service,
					     "has given up",
					     config->giving_up.code);
	} else if (config->ends_all) {
		code = code_of_end(standing, &why);
		service->calls->on_giving_up((struct service *)service, room,
					     code);
	}
}

/* A clock that was set since the start is no reason to be ready long after. */
static void note_ready(struct standing *standing)
{
	struct since now = since_now();

	standing->was_ready = true;
	standing->ready_at =
		since_add(now.at, -since_set_ns(&standing->changed, &now));
}

void service_step(struct service *service, enum machine_event event,
		  char letter)
{
	struct machine *machine = &service->standing.machine;
	const struct machine before = *machine;
	struct machine_step step;
	char hook;

	finish_start(service);
	if (!service->site.is_hosted)
		return;
	if (service->gate)
		service->gate->before_step(service);
	machine->must_wait |= service->is_closing;
	step = machine_step(machine, event, letter, loop_now_ns());
	step.is_to_group |=
		event == EVENT_COMMAND && service->orders.is_for_group;
	hook = hook_of_step(service, &step, event, letter);
	tell_of_end(service, event, &before);
	if (machine->is_ready && !before.is_ready)
		note_ready(&service->standing);
	if (hook != 0)
		service->was_term_sent = before.is_term_sent;
	put_on_record(service, event, &step, hook);
	if (!(step.actions & MACHINE_START)) /* else that is yet to come */
		event_flush(&service->events, &service->site);
	if (machine->is_ready && !before.is_ready)
		event_tell(&service->site, "U");
	if (step.actions & MACHINE_START)
		start(service);
	service_set_timers(service);
	if (step.actions & MACHINE_LEAVE)
		service_let_go(service);
	bury(service);
	if (service->gate)
		service->gate->after_step(service);
}

/*
 * Nothing can be run in a directory that was removed, and no command can reach
 * its supervisor: the service ends with its process.
 */
static void stop_if_removed(struct service *service)
{
	struct stat status;

	if (fstat(service->site.dir_fd, &status) == 0 && status.st_nlink == 0)
		service_step(service, EVENT_STOP, 0);
}

void service_on_timer(struct loop_timer *timer)
{
	struct service *service = timer->owner;

	stop_if_removed(service);
	/* What was said before the time was over counts. */
	herald_look(service->herald);
	if (!service->site.is_hosted)
		return;
	if (service->standing.machine.phase == MACHINE_WAITING)
		rules_refresh(&service->site, &service->standing.machine.rules);
	service_step(service, EVENT_TIMER, 0);
}

/* ---- what its parts report ---- */

void service_ended(struct service *service, struct process_end end)
{
	struct standing *standing = &service->standing;
	enum machine_phase phase = standing->machine.phase;
	enum machine_event event;

	rules_refresh_after_changes(&service->site, &standing->machine.rules);
	life_end(service, end);
	event = rules_judge_end(&service->site, standing, &end);
	event_note_end(&service->events, &service->site, phase,
		       event == EVENT_FAILED);
	service_step(service, event, 0);
}

static void read_orders(struct service *service, size_t most)
{
	orders_read(&service->orders, &service->site, &service->hook, most);
}

/* Commands that came before the death count in what follows from it. */
static void end(struct service *service, struct process_end end)
{
	read_orders(service, ORDERS_MOST);
	stop_if_removed(service);
	service_ended(service, end);
}

static void obey(struct service *service, char letter)
{
	struct standing *standing = &service->standing;

	if (standing->machine.phase == MACHINE_DOWN) /* it may start soon */
		rules_refresh(&service->site, &standing->machine.rules);
	if (letter == 'u' || letter == 'U' || letter == 'o')
		policy_forgive(&standing->memory);
	service_step(service, EVENT_COMMAND, letter);
}

/* By the service or its logger, whomever it is for. */
static void pass_on(struct service *service, const struct happening *order)
{
	struct service *target = order->is_for_logger
					 ? service->calls->logger_of(service)
					 : service;
	bool was_for_group;

	if (!target)
		return;
	if (order->letter == CONTROL_MODES_CHANGED) {
		presence_renew(&target->presence, &target->site,
			       target->orders.watch.fd);
	} else if (target->site.is_hosted) {
		was_for_group = target->orders.is_for_group;
		target->orders.is_for_group = order->is_for_group;
		obey(target, order->letter);
		target->orders.is_for_group = was_for_group;
	}
}

static void note_rest(struct service *service, bool is_for_group)
{
	service->standing.is_rest_for_group = is_for_group;
	if (service->site.is_hosted)
		service_publish(service);
}

static void become_ready(struct service *service)
{
	if (service->site.is_hosted)
		service_step(service, EVENT_READY, 0);
}

void service_told(struct site *site, const struct happening *happening)
{
	struct service *service = (struct service *)site; /* its first member */

	switch (happening->kind) {
	case HAPPENED_READY: become_ready(service); break;
	case HAPPENED_TEXT: service_publish(service); break;
	case HAPPENED_HOOK:
		if (happening->letter == 'u')
			start_on(service);
		else
			send_held_back(service, happening->is_done);
		break;
	case HAPPENED_HOOKS_OVER: end_hooks(service); break;
	case HAPPENED_ORDERS: read_orders(service, ORDERS_AT_ONCE); break;
	case HAPPENED_ORDER: pass_on(service, happening); break;
	case HAPPENED_REST: note_rest(service, happening->is_for_group); break;
	case HAPPENED_START: conclude_start(service, happening->spawned); break;
	case HAPPENED_LOADED: note_loaded(service); break;
	case HAPPENED_STUCK: abandon(service); break;
	case HAPPENED_END: end(service, happening->end); break;
	case HAPPENED_DELAY:
		if (!service->is_start_pending) /* then it comes anyway */
			service_publish(service);
		break;
	}
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
		obey(service, letter);
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

void service_watch(struct service *service)
{
	probe_watch(&service->probe, &service->site);
}

void service_unwatch(struct service *service)
{
	probe_unwatch(&service->probe, &service->site);
}

void service_waits_anew(struct service *service)
{
	publish_soon(&service->publisher, &service->site);
}

bool service_is_running(const struct service *service)
{
	return service->site.is_hosted &&
	       (service->standing.pid != 0 || service->is_start_pending);
}

pid_t service_pid(const struct service *service)
{
	return service->site.is_hosted ? service->standing.pid : 0;
}

void service_visit_fifos(const struct service *service,
			 void (*visit)(int fd, void *with), void *with)
{
	if (!service->site.is_hosted)
		return;
	visit(service->orders.watch.fd, with);
	if (service->presence.ok_fd != -1)
		visit(service->presence.ok_fd, with);
	herald_visit(service->herald, visit, with);
}

void service_forget(struct service *service)
{
	finish_start(service);
	if (!service->site.is_hosted)
		return;
	service->site.is_hosted = false;
	quiet(service);
	process_forget(&service->process, &service->site);
	starter_forget(service);
	service_close(service);
	bury(service);
	rules_forget(&service->site);
}
