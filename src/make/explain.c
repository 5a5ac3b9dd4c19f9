/* explain.c -- see explain.h. */
#include <string.h>

#include "make/explain.h"
#include "make/typo.h"

/* clang-format off */
static const struct explanation rows[] = {
	{"run", "the program: started, and started again when it ends"},
	{"finish", "runs after each end of run, with its exit code and signal"},
	{"start", "runs before the first run; without run, a one-shot"},
	{"stop", "runs after the last run, on the way down"},
	{"notify", "is told of every start and end of a script"},
	{"check", "exits 0 while the service is available"},
	{"log", "its logger: a service directory, or a script"},
	{"control", "scripts that run before the signals of commands, or instead"},
	{"dependencies.d", "services that have to be ready first"},
	{"wants.d", "services that are started too, and may fail"},
	{"after.d", "services that come first if they are started"},
	{"contents.d", "the services that this name, a bundle, stands for"},
	{"event", "FIFOs of listeners, which are told what becomes of it"},
	{"down", "it is not started by itself; a oneshot's command line"},
	{"up", "a oneshot's command line"},
	{"conf", "nothing, but that the directory is runit's"},
	{"notify-socket", "it says that it is ready as sd_notify does"},
	{"flag-newpidns", "it runs in a process id namespace of its own"},
	{"no-setsid", "it has no session of its own"},
	{"notification-fd", "where it writes a newline when it is ready"},
	{"timeout-kill", "milliseconds to end in, before it is killed; 0: never"},
	{"timeout-finish", "milliseconds for finish; 0: no limit"},
	{"timeout-up", "milliseconds to be ready in; else it has failed"},
	{"timeout-down", "milliseconds to end in; else it has failed"},
	{"down-signal", "the signal that ends it, instead of TERM"},
	{"reload-signal", "the signal of a reload, instead of HUP"},
	{"max-death-tally", "how many deaths are remembered"},
	{"lock-fd", "a descriptor whose lock keeps a second copy waiting"},
	{"restart", "when it is started again, and how often"},
	{"on-giving-up", "what happens when it has failed for good"},
	{"on-exit", "what happens when it has ended for good, well or not"},
	{"kill-scope", "whom signals reach: the process, its group, its cgroup"},
	{"dialect", "the suite that the directory is for, whatever it shows"},
	{"type", "longrun, oneshot or bundle, as s6-rc has it"},
	/* Of no meaning to a supervisor, but in most directories. */
	{"env", "variables, a file each, if run has envdir read them"},
	{"supervise", "what its supervisor keeps: state, lock, commands"},
};
/* clang-format on */

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

const struct explanation *explain_row(size_t index)
{
	return index < ROW_COUNT ? &rows[index] : NULL;
}

const struct explanation *explain_find(const char *file)
{
	for (size_t i = 0; i < ROW_COUNT; i++) {
		if (strcmp(rows[i].file, file) == 0)
			return &rows[i];
	}
	return NULL;
}

const char *explain_guess(const char *file)
{
	const char *names[ROW_COUNT + 1];

	for (size_t i = 0; i < ROW_COUNT; i++)
		names[i] = rows[i].file;
	names[ROW_COUNT] = NULL;
	return typo_guess(file, names);
}
