/* notify.c -- see notify.h. */
#include <stdio.h>

#include "base/diag.h"
#include "engine/aside.h"
#include "engine/notify.h"
#include "engine/rules.h"
#include "service/config.h"

#define NUMBER_SIZE 16

static void tell(struct site *site, const struct standing *standing,
		 const char *event, int number)
{
	const char *script = rules_script(site, standing->machine.phase);
	char pid[NUMBER_SIZE], last[NUMBER_SIZE];
	const struct aside_plan plan = {
		.script = "notify",
		.arguments = {script, event, pid, last},
		.limit_ns = NOTIFY_LIMIT_NS,
	};

	if (!config_has(rules_of(site), CONFIG_NOTIFY))
		return;
	snprintf(pid, sizeof(pid), "%d", (int)standing->pid);
	snprintf(last, sizeof(last), "%d", number);
	if (aside_start(site, &plan) == -1)
		diag_warn_errno("unable to start %s/notify for %s of %s %s",
				site->name, event, script, pid);
}

void notify_start(struct site *site, const struct standing *standing)
{
	tell(site, standing, "start", 0);
}

void notify_end(struct site *site, const struct standing *standing,
		const struct process_end *end)
{
	if (!end->is_known)
		tell(site, standing, "exit", -1);
	else if (end->signal_number != 0)
		tell(site, standing, "killed", end->signal_number);
	else
		tell(site, standing, "exit", end->exit_code);
}
