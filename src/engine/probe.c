/* probe.c -- see probe.h. */
#include "base/diag.h"
#include "engine/aside.h"
#include "engine/probe.h"
#include "engine/ready.h"
#include "engine/rules.h"
#include "engine/standing.h"
#include "service/config.h"
#include "service/since.h"

static bool is_to_be_found_out(const struct probe *probe,
			       const struct site *site)
{
	const struct machine *machine;

	/* A bundle has a site, but nothing stands there. */
	if (!site->is_hosted)
		return false;
	machine = &site->standing->machine;
	return probe->watchers > 0 && site->standing->pid != 0 &&
	       !site->hangs_at && machine->phase == MACHINE_UP &&
	       !machine->is_ready && !machine->is_ending &&
	       !ready_is_said(site);
}

static void ask_again(struct probe *probe, struct site *site)
{
	loop_timer_set(site->loop, &probe->timer,
		       loop_now_ns() + PROBE_AGAIN_NS);
}

static void find_ready(struct site *site)
{
	site->tell(site, &(struct happening){.kind = HAPPENED_READY});
}

static void on_checked(struct site *site, void *owner, struct process_end end)
{
	struct probe *probe = owner;
	pid_t pid = probe->checked_pid;

	probe->checked_pid = 0;
	if (!is_to_be_found_out(probe, site))
		return;
	if (pid != site->standing->pid) /* it was about the one before */
		probe_update(probe, site);
	else if (end.is_known && end.signal_number == 0 && end.exit_code == 0)
		find_ready(site);
	else
		ask_again(probe, site);
}

static void check(struct probe *probe, struct site *site)
{
	const struct aside_plan plan = {.script = "check",
					.limit_ns = PROBE_LIMIT_NS,
					.on_end = on_checked,
					.owner = probe};

	if (aside_start(site, &plan) == -1) {
		diag_warn_errno("unable to start %s/check, trying again later",
				site->name);
		ask_again(probe, site);
		return;
	}
	probe->checked_pid = site->standing->pid;
}

static void on_due(struct loop_timer *timer)
{
	struct site *site = timer->owner;
	struct probe *probe = (struct probe *)timer; /* its first member */

	if (!is_to_be_found_out(probe, site))
		return;
	if (config_has(rules_of(site), CONFIG_CHECK))
		check(probe, site);
	else
		find_ready(site);
}

/* When it will have been up for long enough. Where nobody knows for how long it
 * has been, it has to stay up for that time from now on. */
static int64_t settled_due_ns(const struct site *site)
{
	int64_t since_ns = site->standing->changed.up_ns;
	int64_t now_ns = since_now().up_ns;
	int64_t up_ns = 0;

	if (since_ns > 0 && since_ns < now_ns)
		up_ns = now_ns - since_ns;
	return loop_now_ns() + (up_ns < PROBE_UP_NS ? PROBE_UP_NS - up_ns : 0);
}

void probe_update(struct probe *probe, struct site *site)
{
	bool has_check = config_has(rules_of(site), CONFIG_CHECK);

	if (!is_to_be_found_out(probe, site)) {
		loop_timer_cancel(site->loop, &probe->timer);
		return;
	}
	if (probe->timer.is_set || probe->checked_pid != 0)
		return;
	probe->timer.on_due = on_due;
	probe->timer.owner = site;
	loop_timer_set(site->loop, &probe->timer,
		       has_check ? loop_now_ns() : settled_due_ns(site));
}

void probe_watch(struct probe *probe, struct site *site)
{
	probe->watchers++;
	probe_update(probe, site);
}

void probe_unwatch(struct probe *probe, struct site *site)
{
	probe->watchers--;
	probe_update(probe, site);
}

void probe_end(struct probe *probe, const struct site *site)
{
	loop_timer_cancel(site->loop, &probe->timer);
}
