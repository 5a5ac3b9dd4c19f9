/* scope_portable.c -- see scope.h. */
#include "base/diag.h"
#include "engine/rules.h"
#include "engine/scope.h"
#include "service/config.h"

bool scope_make(struct site *site, char path[SCOPE_PATH_SIZE])
{
	path[0] = '\0';
	if (rules_of(site)->kill_scope != CONFIG_SCOPE_CGROUP)
		return false;
	if (!site->is_scope_missed)
		diag_warn("%s/kill-scope: this system has no cgroups; using "
			  "the process group",
			  site->name);
	site->is_scope_missed = true;
	return false;
}

bool scope_kill(const struct site *site, const struct loop_process *process)
{
	(void)site;
	(void)process;
	return false;
}

void scope_remove(const struct site *site)
{
	(void)site;
}
