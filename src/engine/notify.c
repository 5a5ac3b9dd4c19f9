/* notify.c -- see notify.h. */
#include <stdio.h>

#include "base/diag.h"
#include "engine/aside.h"
#include "engine/notify.h"
#include "engine/rules.h"
#include "engine/script.h"
#include "service/config.h"

#define NUMBER_SIZE 16

static void tell(struct service *service, const char *event, int number)
{
	char pid[NUMBER_SIZE], last[NUMBER_SIZE];
	const struct aside_plan plan = {
		.script = "notify",
		.arguments = {script_name(service), event, pid, last},
		.limit_ns = NOTIFY_LIMIT_NS,
	};

	if (!config_has(rules_of(service), CONFIG_NOTIFY))
		return;
	snprintf(pid, sizeof(pid), "%d", (int)service->standing.pid);
	snprintf(last, sizeof(last), "%d", number);
	if (aside_start(service, &plan) == -1)
		diag_warn_errno("unable to start %s/notify for %s of %s %s",
				service->site.name, event, script_name(service),
				pid);
}

void notify_start(struct service *service)
{
	tell(service, "start", 0);
}

void notify_end(struct service *service, const struct process_end *end)
{
	if (!end->is_known)
		tell(service, "exit", -1);
	else if (end->signal_number != 0)
		tell(service, "killed", end->signal_number);
	else
		tell(service, "exit", end->exit_code);
}
