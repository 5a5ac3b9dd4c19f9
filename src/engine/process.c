/* process.c -- see process.h. */
#include <signal.h>

#include "engine/process.h"
#include "engine/rules.h"
#include "engine/scope.h"
#include "service/config.h"

void process_begin(struct process *process)
{
	process->remains.pidfd = -1;
}

static void on_exit_of_process(struct loop_process *process,
			       struct process_end end)
{
	struct site *site = process->owner;

	site->tell(site, &(struct happening){.kind = HAPPENED_END, .end = end});
}

int process_watch(struct process *process, struct site *site,
		  const struct spawned *spawned, bool is_child)
{
	process->watch = (struct loop_process){
		.pid = spawned->pid,
		.is_child = is_child,
		.start_ticks = spawned->start_ticks,
		.remains = &process->remains,
		.on_exit = on_exit_of_process,
		.owner = site,
	};
	return loop_process_add(site->loop, &process->watch, spawned->pidfd);
}

void process_forget(struct process *process, const struct site *site)
{
	loop_process_remove(site->loop, &process->watch);
}

/* To the process, or to all of its group, which it leads. */
static void send_signal(const struct process *process, const struct site *site,
			int number, bool is_to_group)
{
	if (number == SIGKILL && scope_kill(site, &process->watch))
		return;
	if (is_to_group &&
	    loop_process_signal_group(&process->watch, number) == 0)
		return;
	loop_process_signal(&process->watch, number);
}

void process_send(const struct process *process, const struct site *site,
		  const int signals[2], bool is_to_group)
{
	bool is_group = is_to_group ||
			rules_of(site)->kill_scope != CONFIG_SCOPE_PROCESS;

	for (int i = 0; i < 2 && signals[i] != 0; i++)
		send_signal(process, site, signals[i], is_group);
}

void process_bury(struct process *process)
{
	loop_bury(&process->remains);
}
