/* script.c -- see script.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/exec.h"
#include "engine/herald.h"
#include "engine/keeper.h"
#include "engine/rules.h"
#include "engine/scope.h"
#include "engine/script.h"
#include "service/config.h"

extern char **environ;

static void fill_arguments(const struct service *service, struct script *script)
{
	const struct process_end *end = &service->standing.last_end;
	const char **arguments = script->plan.arguments;
	int first, second;

	config_finish_numbers(
		rules_of(&service->site), end->is_known ? end->exit_code : -1,
		end->signal_number, end->has_dumped, &first, &second);
	snprintf(script->first, SCRIPT_NUMBER_SIZE, "%d", first);
	snprintf(script->second, SCRIPT_NUMBER_SIZE, "%d", second);
	snprintf(script->group, SCRIPT_NUMBER_SIZE, "%d",
		 (int)service->standing.last_pid);
	arguments[0] = script->first;
	arguments[1] = script->second;
	arguments[2] = script->name;
	arguments[3] = script->group;
}

static bool is_for_same(const char *entry, const char *other)
{
	size_t len = strcspn(entry, "=") + 1;

	return strncmp(entry, other, len) == 0;
}

/* The environment with `entry` in it, for its receiver to free; NULL: memory
 * is short. */
static char **environment_with(char *entry)
{
	size_t count = 0, kept = 0;
	char **all;

	while (environ[count])
		count++;
	all = malloc((count + 2) * sizeof(*all));
	if (!all)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		if (!is_for_same(entry, environ[i]))
			all[kept++] = environ[i];
	}
	all[kept++] = entry;
	all[kept] = NULL;
	return all;
}

/* Tells "run" where to say that it is ready, if there is a socket for that. */
static int add_herald(const struct service *service, struct script *script)
{
	const char *said = herald_entry(service->herald);

	if (!said || service->standing.machine.phase != MACHINE_UP)
		return 0;
	snprintf(script->entry, sizeof(script->entry), "%s", said);
	script->environment = environment_with(script->entry);
	script->plan.environment = script->environment;
	return script->environment ? 0 : -1;
}

int script_prepare(struct service *service, struct script *script)
{
	const struct service_config *config = rules_of(&service->site);
	enum machine_phase phase = service->standing.machine.phase;

	script->environment = NULL;
	script->name = strdup(service->site.name);
	if (!script->name)
		return -1;
	script->news = service_news(service);
	script->plan = (struct spawn_plan){
		.script = rules_script(&service->site, phase),
		.name = script->name,
		.dir_fd = service->site.state_fd,
		.home_fd = site_home(&service->site),
		.lock_fd = service->site.lock_fd,
		.input_dir_fd = service->site.input_dir_fd,
		.has_output_pipe = service->site.has_output_pipe,
		.is_output_kept = service->site.output &&
				  keeper_has(service->site.output),
		.has_own_output = service->site.has_own_output,
		.is_command_line = config->type == CONFIG_TYPE_ONESHOT,
		.keeps_lock = service->is_shared,
		.keeps_session = config_has(config, CONFIG_NO_SETSID),
		.has_pid_namespace = phase == MACHINE_UP &&
				     config_has(config, CONFIG_FLAG_NEWPIDNS),
		.notification_fd =
			phase == MACHINE_UP ? config->notification_fd : -1,
		.lock_fd_number = phase == MACHINE_UP ? config->lock_fd : -1,
		.record = publish_in_child,
		.owner = &script->news,
	};
	if (phase == MACHINE_UP && scope_make(&service->site, script->cgroup))
		script->plan.cgroup_path = script->cgroup;
	if (phase == MACHINE_FINISHING)
		fill_arguments(service, script);
	else if (config->evidence != 0) /* daemontools tells no name */
		script->plan.arguments[0] = script->name;
	return add_herald(service, script);
}

void script_free(struct script *script)
{
	free(script->environment);
	free(script->name);
}
