/* takeover.c -- see takeover.h. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "engine/event.h"
#include "engine/herald.h"
#include "engine/inherit.h"
#include "engine/life.h"
#include "engine/rules.h"
#include "engine/step.h"
#include "engine/takeover.h"
#include "service/since.h"
#include "service/supervise_dir.h"

/* A link that leads nowhere is no file; one that can't be followed is trouble.
 */
static int look_for_down(struct site *site)
{
	struct stat status;

	if (!site->is_down_wanted ||
	    fstatat(site->dir_fd, "down", &status, 0) == 0)
		return 0;
	site->is_down_wanted = false;
	return errno == ENOENT ? 0 : -1;
}

/* Something of the service's directory, with errno. */
static int note(struct problem *problem, const struct site *site,
		const char *what, const char *file)
{
	return problem_note(problem, what, "%s/%s", site->name, file);
}

/* 0.76 went on without the directory, and said of the lock in it that there is
 * no such file: also where the file system can't be written. */
static int lock(struct service *service, struct problem *problem)
{
	struct site *site = &service->site;

	service->presence.is_first = supervise_dir_make(site->state_fd);
	if (!service->presence.is_first && errno != 0)
		return note(problem, site, "make", SUPERVISE_DIR);
	site->lock_fd = supervise_dir_lock(site->state_fd);
	return site->lock_fd == -1
		       ? note(problem, site, "acquire", SUPERVISE_LOCK)
		       : 0;
}

static int take_files(struct service *service, struct problem *problem)
{
	struct standing *standing = &service->standing;
	struct site *site = &service->site;

	if (rules_refresh(site, &standing->machine.rules) == -1)
		return note(problem, site, "list", ".");
	if (look_for_down(site) == -1)
		return note(problem, site, "stat", "down");
	if (lock(service, problem) == -1 ||
	    inherit_look(service, problem) == -1)
		return -1;
	if (orders_open(&service->orders, site) == -1)
		return note(problem, site, "read", SUPERVISE_CONTROL);
	publish_begin(&service->publisher, site);
	if (service->presence.is_first)
		return 0; /* service_begin() puts it first on record */
	standing->machine = (struct machine){.rules = standing->machine.rules,
					     .want = site->is_down_wanted
							     ? MACHINE_WANT_DOWN
							     : MACHINE_WANT_UP};
	standing->changed = since_now();
	publish_first_status(&service->publisher, site);
	if (presence_make(&service->presence, site, service->orders.watch.fd) ==
	    -1)
		return note(problem, site, "read", SUPERVISE_OK);
	return 0;
}

/* The parts, before anything is taken. What outlives a service that is let go,
 * as its watchers do, stays. */
static void prepare(struct service *service)
{
	struct site *site = &service->site;

	site->tell = service_told;
	site->standing = &service->standing;
	site->lock_fd = service->presence.ok_fd = -1;
	site->asides = NULL;
	site->hangs_at = NULL;
	service->loading = NULL;
	service->is_abandoned = false;
	process_begin(&service->process);
	orders_begin(&service->orders, service->calls->logger_of != NULL);
	service->ready.watch.is_added = false;
	service->hook.letter = 0;
	service->probe.checked_pid = 0;
	service->probe.timer.is_set = false;
	service->herald = NULL;
	service->events.due[0] = '\0';
}

int service_open(struct service *service, struct problem *problem)
{
	prepare(service);
	if (take_files(service, problem) == -1) {
		service_close(service);
		return -1;
	}
	service->site.is_hosted = true;
	service->timer = (struct loop_timer){.on_due = service_on_timer,
					     .owner = service};
	return 0;
}

/* The numbers and moments that go on across supervisors. */
static void restore(struct service *service, const struct recall *recall)
{
	struct standing *standing = &service->standing;
	const struct machine_rules rules = standing->machine.rules;

	*standing = recall->standing;
	standing->machine.rules = rules;
	machine_mend(&standing->machine, loop_now_ns());
	if (standing->machine.start_due_ns < service->begin_due_ns)
		standing->machine.start_due_ns = service->begin_due_ns;
	/* There is a process once it is adopted, and so is what is due to it.
	 */
	standing->pid = 0;
	memset(standing->signals_due, 0, sizeof(standing->signals_due));
	standing->is_rest_for_group =
		orders_go_on(&service->orders, standing->is_rest_for_group);
}

/*
 * Watches the process on record. False: it has ended. When it can't be watched
 * though it lives, the service is let go: another start would make two.
 */
static bool adopt(struct service *service, const struct recall *recall)
{
	struct standing *standing = &service->standing;
	const struct machine *machine = &standing->machine;
	struct site *site = &service->site;
	const struct spawned found = {
		.pid = recall->standing.pid,
		.pidfd = -1,
		.start_ticks = recall->identity.start_ticks,
	};
	bool was_missed;

	if (process_watch(&service->process, site, &found, false) == -1) {
		if (errno == ESRCH)
			return false;
		if (!service->is_unwatched)
			diag_warn_errno("unable to watch the process of %s",
					site->name);
		service->is_unwatched = true;
		service_let_go(service);
		return true;
	}
	/* Looked at again, now that its number can't be given away. */
	if (!claim_holds(&recall->identity)) {
		process_forget(&service->process, site);
		return false;
	}
	service->is_unwatched = false;
	standing->pid = found.pid;
	standing->start_ticks = found.start_ticks;
	memcpy(standing->signals_due, recall->standing.signals_due,
	       sizeof(standing->signals_due));
	was_missed = machine->phase == MACHINE_UP && !machine->is_ready &&
		     ready_was_missed(site);
	if (machine->phase == MACHINE_UP) {
		life_listen(service, false);
		herald_restore(service->herald, recall->status_text,
			       recall->is_stopping);
	}
	service_publish(service);
	service_send_due(service);
	service_set_timers(service);
	if (was_missed)
		service_step(service, EVENT_READY, 0);
	return true;
}

/* The script that was on record ended while nobody looked. */
static void end_unseen(struct service *service, const struct identity *identity)
{
	struct process_end end = {.is_known = false};

	obituaries_find(service->obituaries, identity->pid,
			identity->start_ticks, &end);
	service->standing.pid = (pid_t)identity->pid;
	if (service->standing.machine.phase == MACHINE_UP)
		herald_forget(&service->site);
	if (service->standing.machine.phase == MACHINE_STARTING &&
	    !end.is_known) {
		/* Whether "start" succeeded nobody knows: once more. */
		life_end(service, end);
		service->standing.machine.phase = MACHINE_WAITING;
		service_step(service, EVENT_TIMER, 0);
		return;
	}
	service_ended(service, end);
}

/* Goes on where the last supervisor was killed, or begins. */
static void go_on(struct service *service)
{
	struct recall recalled;
	enum machine_phase phase;

	inherit_recall(service, &recalled);
	if (inherit_obstacle(&recalled)) { /* since it was opened */
		service_let_go(service);
		return;
	}
	restore(service, &recalled);
	service_change_down_file(service); /* what follows puts it on record */
	phase = service->standing.machine.phase;
	if (recalled.standing.pid != 0 && adopt(service, &recalled))
		return;
	if (machine_has_process(phase) && recalled.identity.pid != 0)
		end_unseen(service, &recalled.identity);
	else if (machine_has_process(phase)) /* see recall.c */
		service_step(service, EVENT_EXITED, 0);
	else if (phase == MACHINE_WAITING)
		service_step(service, EVENT_TIMER, 0);
	else
		service_step(service, EVENT_BEGIN, 0);
}

void service_begin(struct service *service)
{
	event_tell(&service->site, "s");
	go_on(service);
	service_offer_ok(service);
}
