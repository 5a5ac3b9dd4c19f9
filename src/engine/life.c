/* life.c -- see life.h. */
#include <signal.h>

#include "engine/herald.h"
#include "engine/life.h"
#include "engine/notify.h"
#include "engine/scope.h"
#include "engine/shortage.h"
#include "engine/starter.h"
#include "service/since.h"

/* Whoever can't be heard to be ready, or couldn't be all the time, can't be
 * late for it. */
void life_listen(struct service *service, bool is_new)
{
	struct machine *machine = &service->standing.machine;
	struct site *site = &service->site;

	if (is_new || !machine->is_ready)
		ready_listen(&service->ready, site, is_new);
	herald_listen(&service->herald, site, is_new);
	if (ready_is_said(site) && !service->ready.watch.is_added &&
	    !service->herald && !machine->is_ending)
		machine->limit_ns = 0;
	if (!is_new && !machine->is_ready && !machine->is_ending &&
	    herald_is_deaf(service->herald, site))
		machine->limit_ns = 0;
}

void life_begin(struct service *service)
{
	struct standing *standing = &service->standing;
	bool is_run = standing->machine.phase == MACHINE_UP;

	if (service->calls->before_start)
		service->calls->before_start(service);
	if (is_run)
		life_listen(service, true);
	service->changed_before = standing->changed;
	standing->changed = since_now();
	standing->starts += is_run;
	service->is_start_pending = true;
}

/* A process that can't be watched is as good as none. */
static int give_up_process(struct service *service,
			   const struct spawned *spawned)
{
	spawn_undo(spawned);
	starter_forget(service);
	return -1;
}

/* What follows, once the process has a number. */
static void tell_of_start(struct service *service,
			  const struct spawned *spawned)
{
	struct standing *standing = &service->standing;
	struct site *site = &service->site;
	struct news news;

	standing->pid = spawned->pid;
	standing->start_ticks = spawned->start_ticks;
	if (spawned->record == RECORD_COMPLETE)
		service->presence.is_first = false; /* it made "ok", too */
	news = service_news(service);
	publish_started(&service->publisher, &news, spawned->record);
	presence_offer(&service->presence, site, service->orders.watch.fd);
	event_flush(&service->events, site);
	notify_start(site, standing);
	if (standing->machine.phase == MACHINE_UP)
		event_tell(site, "u");
	probe_update(&service->probe, site);
	if (service->gate)
		service->gate->after_step(service);
}

static void take_back(struct service *service)
{
	struct standing *standing = &service->standing;

	standing->starts -= standing->machine.phase == MACHINE_UP;
	standing->changed = service->changed_before;
	publish_forget(&service->publisher);
}

int life_begun(struct service *service, const struct spawned *spawned)
{
	service->is_start_pending = false;
	if (spawned->pid == -1 ||
	    (process_watch(&service->process, &service->site, spawned, true) ==
		     -1 &&
	     give_up_process(service, spawned) == -1)) {
		take_back(service);
		return -1;
	}
	tell_of_start(service, spawned);
	return 0;
}

void life_end(struct service *service, struct process_end end)
{
	struct standing *standing = &service->standing;
	enum machine_phase phase = standing->machine.phase;
	struct site *site = &service->site;

	if (end.signal_number == SIGKILL)
		end.was_starved = shortage_killed(
			&site->spawner->shortage, &site->spawner->eras.own,
			standing->pid, standing->changed.up_ns);
	standing->changed = since_now();
	notify_end(site, standing, &end);
	if (phase == MACHINE_UP || phase == MACHINE_STARTING) {
		standing->last_end = end;
		standing->last_end_at = standing->changed.at;
	}
	if (phase == MACHINE_UP) {
		scope_remove(site);
		standing->last_pid = standing->pid;
		standing->deaths++;
	}
	standing->pid = 0;
	standing->start_ticks = 0;
	starter_forget(service);
	/* What a hook holds back was not meant for the next. */
	standing->signals_due[0] = standing->signals_due[1] = 0;
	ready_close(&service->ready, site);
	herald_close(&service->herald);
}
