/* probe.c -- see probe.h. */
#include "base/diag.h"
#include "base/tai64n.h"
#include "engine/aside.h"
#include "engine/probe.h"
#include "engine/ready.h"
#include "engine/rules.h"
#include "service/config.h"

static bool is_to_be_found_out(const struct service *service)
{
	const struct machine *machine = &service->standing.machine;

	return service->site.is_hosted && service->watchers > 0 &&
	       service->standing.pid != 0 && machine->phase == MACHINE_UP &&
	       !machine->is_ready && !machine->is_ending &&
	       !ready_is_said(service);
}

static void ask_again(struct service *service)
{
	loop_timer_set(service->site.loop, &service->probe,
		       loop_now_ns() + PROBE_AGAIN_NS);
}

static void on_checked(struct service *service, struct process_end end)
{
	pid_t pid = service->checked_pid;

	service->checked_pid = 0;
	if (!is_to_be_found_out(service))
		return;
	if (pid != service->standing.pid) /* it was about the one before */
		probe_update(service);
	else if (end.is_known && end.signal_number == 0 && end.exit_code == 0)
		service_ready(service);
	else
		ask_again(service);
}

static void check(struct service *service)
{
	const struct aside_plan plan = {.script = "check",
					.limit_ns = PROBE_LIMIT_NS,
					.on_end = on_checked};

	if (aside_start(service, &plan) == -1) {
		diag_warn_errno("unable to start %s/check, trying again later",
				service->site.name);
		ask_again(service);
		return;
	}
	service->checked_pid = service->standing.pid;
}

static void on_due(struct loop_timer *timer)
{
	struct service *service = timer->owner;

	if (!is_to_be_found_out(service))
		return;
	if (config_has(rules_of(service), CONFIG_CHECK))
		check(service);
	else
		service_ready(service);
}

/* When it will have been up for long enough. Wall clocks may jump: then it has
 * to stay up for that time from now on. */
static int64_t settled_due_ns(const struct service *service)
{
	struct timespec now = tai64n_now(),
			since = service->standing.changed_at;
	int64_t up_s = (int64_t)now.tv_sec - since.tv_sec;
	int64_t up_ns = 0;

	if (up_s > 1)
		up_ns = PROBE_UP_NS;
	else if (up_s >= 0)
		up_ns = up_s * 1000000000 + now.tv_nsec - since.tv_nsec;
	if (up_ns < 0)
		up_ns = 0;
	return loop_now_ns() + (up_ns < PROBE_UP_NS ? PROBE_UP_NS - up_ns : 0);
}

void probe_update(struct service *service)
{
	bool has_check = config_has(rules_of(service), CONFIG_CHECK);

	if (!is_to_be_found_out(service)) {
		loop_timer_cancel(service->site.loop, &service->probe);
		return;
	}
	if (service->probe.is_set || service->checked_pid != 0)
		return;
	service->probe.on_due = on_due;
	service->probe.owner = service;
	loop_timer_set(service->site.loop, &service->probe,
		       has_check ? loop_now_ns() : settled_due_ns(service));
}
