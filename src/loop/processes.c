/* processes.c -- see processes.h. */
#include <stddef.h>

#include "loop/processes.h"

void processes_add(struct processes *all, struct loop_process *process)
{
	struct loop_process **bucket =
		&all->buckets[(size_t)process->pid % PROCESS_BUCKETS];

	process->next = *bucket;
	process->link = bucket;
	if (process->next)
		process->next->link = &process->next;
	*bucket = process;
}

void processes_remove(struct loop_process *process)
{
	if (!process->link)
		return;
	*process->link = process->next;
	if (process->next)
		process->next->link = process->link;
	process->next = NULL;
	process->link = NULL;
}

struct loop_process *processes_find(const struct processes *all, pid_t pid)
{
	struct loop_process *process =
		all->buckets[(size_t)pid % PROCESS_BUCKETS];

	while (process && process->pid != pid)
		process = process->next;
	return process;
}

struct process_end process_end_of(const siginfo_t *info)
{
	struct process_end end = {.is_known = true};

	if (info->si_code == CLD_EXITED)
		end.exit_code = info->si_status;
	else
		end.signal_number = info->si_status;
	end.has_dumped = info->si_code == CLD_DUMPED;
	return end;
}

struct process_end process_end_of_status(int status)
{
	struct process_end end = {.is_known = true};

	if (WIFEXITED(status))
		end.exit_code = WEXITSTATUS(status);
	else
		end.signal_number = WTERMSIG(status);
#ifdef WCOREDUMP
	end.has_dumped = WIFSIGNALED(status) && WCOREDUMP(status);
#endif
	return end;
}
