/* script.c -- see script.h. */
#include <stdio.h>

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
	if (service->is_inline)
		return "log";
	switch (service->machine.phase) {
	case MACHINE_STARTING: return "start";
	case MACHINE_FINISHING: return "finish";
	case MACHINE_STOPPING: return "stop";
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
	return spawn(service->spawner, &plan, spawned);
}
