/* scope_portable.c -- see scope.h. */
#include "base/diag.h"
#include "engine/rules.h"
#include "engine/scope.h"
#include "service/config.h"

bool scope_make(struct service *service, char path[SCOPE_PATH_SIZE])
{
	path[0] = '\0';
	if (rules_of(service)->kill_scope != CONFIG_SCOPE_CGROUP)
		return false;
	if (!service->is_scope_missed)
		diag_warn("%s/kill-scope: this system has no cgroups; using "
			  "the process group",
			  service->site.name);
	service->is_scope_missed = true;
	return false;
}

bool scope_kill(const struct service *service)
{
	(void)service;
	return false;
}

void scope_remove(const struct service *service)
{
	(void)service;
}
