/* script.c -- see script.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/exec.h"
#include "engine/herald.h"
#include "engine/publish.h"
#include "engine/rules.h"
#include "engine/script.h"
#include "service/config.h"

#define NUMBER_SIZE 16

/* What ended, as arguments: see config_finish_numbers(). */
struct finish_arguments {
	char first[NUMBER_SIZE], second[NUMBER_SIZE], group[NUMBER_SIZE];
};

const char *script_name(const struct service *service)
{
	bool is_lines = rules_of(service)->type == CONFIG_TYPE_ONESHOT;

	if (service->is_inline)
		return "log";
	switch (service->machine.phase) {
	case MACHINE_STARTING: return is_lines ? "up" : "start";
	case MACHINE_FINISHING: return "finish";
	case MACHINE_STOPPING: return is_lines ? "down" : "stop";
	default: return "run";
	}
}

static void fill_arguments(const struct service *service,
			   struct finish_arguments *arguments)
{
	const struct process_end *end = &service->last_end;
	int first, second;

	config_finish_numbers(
		rules_of(service), end->is_known ? end->exit_code : -1,
		end->signal_number, end->has_dumped, &first, &second);
	snprintf(arguments->first, NUMBER_SIZE, "%d", first);
	snprintf(arguments->second, NUMBER_SIZE, "%d", second);
	snprintf(arguments->group, NUMBER_SIZE, "%d", (int)service->last_pid);
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
static int spawn_with(struct service *service, struct spawn_plan *plan,
		      struct spawned *spawned)
{
	const char *said = herald_entry(service);
	char entry[HERALD_ENTRY_SIZE];
	char **environment;
	int result;

	if (!said || service->machine.phase != MACHINE_UP)
		return spawn(service->spawner, plan, spawned);
	snprintf(entry, sizeof(entry), "%s", said);
	environment = environment_with(entry);
	if (!environment)
		return -1;
	plan->environment = environment;
	result = spawn(service->spawner, plan, spawned);
	free(environment);
	return result;
}

int script_start(struct service *service, struct spawned *spawned)
{
	const struct service_config *config = rules_of(service);
	enum machine_phase phase = service->machine.phase;
	struct finish_arguments numbers;
	struct spawn_plan plan = {
		.script = script_name(service),
		.name = service->name,
		.dir_fd = service->dir_fd,
		.lock_fd = service->lock_fd,
		.input_dir_fd = service->input_dir_fd,
		.has_output_pipe = service->has_output_pipe,
		.is_command_line = config->type == CONFIG_TYPE_ONESHOT,
		.runs_at_input = service->is_inline,
		.keeps_session = config_has(config, CONFIG_NO_SETSID),
		.has_pid_namespace = phase == MACHINE_UP &&
				     config_has(config, CONFIG_FLAG_NEWPIDNS),
		.notification_fd =
			phase == MACHINE_UP ? config->notification_fd : -1,
		.lock_fd_number = phase == MACHINE_UP ? config->lock_fd : -1,
		.record = publish_in_child,
		.owner = service,
	};

	/* Those of daemontools get none. */
	if (config->evidence != 0)
		plan.arguments[0] = service->name;
	if (phase == MACHINE_FINISHING) {
		fill_arguments(service, &numbers);
		plan.arguments[0] = numbers.first;
		plan.arguments[1] = numbers.second;
		plan.arguments[2] = service->name;
		plan.arguments[3] = numbers.group;
	}
	return spawn_with(service, &plan, spawned);
}
