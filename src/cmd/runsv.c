/*
 * runsv.c -- supervise one service directory and its log: the engine of svscan,
 * with one entry and no scanning.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/program.h"
#include "engine/aside.h"
#include "engine/entry.h"
#include "engine/surrender.h"

/* What could not be taken over is tried again after this time. */
#define AGAIN_NS INT64_C(1000000000)
/* Where the system doesn't tell of a new log, it is looked for so often. */
#define LOOK_NS INT64_C(5000000000)

struct runsv {
	struct spawner spawner;
	struct entry_context context;
	struct entry *entry;
	struct loop_timer again;
	struct surrender surrender;
	bool is_stopping;
};

static void stop(struct runsv *runsv)
{
	runsv->is_stopping = true;
	loop_timer_cancel(runsv->context.loop, &runsv->again);
	entry_stop(runsv->entry);
	if (!entry_is_hosted(runsv->entry))
		loop_stop(runsv->context.loop);
}

static void look_again(struct runsv *runsv, int64_t span_ns)
{
	loop_timer_set(runsv->context.loop, &runsv->again,
		       loop_now_ns() + span_ns);
}

/* Also what comes later: a log, or a log that was told to leave. */
static void host(struct runsv *runsv)
{
	if (runsv->is_stopping)
		return;
	if (!entry_host(&runsv->context, runsv->entry))
		look_again(runsv, AGAIN_NS);
	else if (!runsv->entry->changes.is_added)
		look_again(runsv, LOOK_NS);
}

static void on_again(struct loop_timer *again)
{
	host(again->owner);
}

static void on_change(struct entry *entry)
{
	host(entry->owner);
}

/* Once the service was told to leave and has left, its log gets the end of its
 * input; when that has left, too, all is over. */
static void on_gone(struct entry *entry)
{
	struct runsv *runsv = entry->owner;

	if (runsv->is_stopping || !entry->service.site.is_hosted)
		stop(runsv);
	else
		look_again(runsv, AGAIN_NS);
}

/* Its service, or its log. */
static void on_giving_up(struct entry *entry, const char *name, int exit_code)
{
	struct runsv *runsv = entry->owner;

	if (!runsv->is_stopping)
		surrender_demand(&runsv->surrender, name, exit_code);
}

static void on_surrender(struct surrender *surrender)
{
	stop(surrender->owner);
}

static void on_signal(void *owner, int number)
{
	if (number != SIGHUP)
		stop(owner);
}

static void begin(struct runsv *runsv, const char *name)
{
	struct stat status;
	bool is_there = stat(name, &status) == 0;

	if (is_there && !S_ISDIR(status.st_mode)) {
		is_there = false;
		errno = ENOTDIR;
	}
	if (!is_there)
		diag_die_errno(EXIT_SYSTEM, "unable to change to %s", name);
	if (spawner_open(&runsv->spawner) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to set up descriptors");
	runsv->context.loop = loop_new();
	if (!runsv->context.loop ||
	    loop_on_signal(runsv->context.loop, on_signal, runsv) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to start");
	if (getpid() == 1)
		loop_reap_orphans(runsv->context.loop);
	runsv->again = (struct loop_timer){.on_due = on_again, .owner = runsv};
	runsv->entry = entry_new(&runsv->context, name, &status);
	if (!runsv->entry)
		diag_die_errno(EXIT_SYSTEM, "unable to open %s", name);
	runsv->entry->on_change = on_change;
	runsv->entry->on_gone = on_gone;
	runsv->entry->on_giving_up = on_giving_up;
	runsv->entry->owner = runsv;
	runsv->surrender = (struct surrender){
		.loop = runsv->context.loop,
		.era = &runsv->spawner.eras.own,
		.dir_fd = runsv->entry->dir_fd,
		.file = SURRENDER_OF_SERVICE,
		.on_surrender = on_surrender,
		.owner = runsv,
	};
	runsv->entry->service.is_closing = surrender_begin(&runsv->surrender);
}

/* To the end; returns the exit code. */
static int run(struct runsv *runsv)
{
	const struct entry *entry = runsv->entry;

	host(runsv);
	/* Somebody else has it, or it can't be had: that was said. A logger is
	 * left as it is found: it isn't told to drain, as whoever has the
	 * service may still write to it, and if nobody does it ends anyway. */
	if (!entry->service.site.is_hosted && entry->said.what)
		return EXIT_SYSTEM;
	while (!runsv->is_stopping || entry_is_hosted(entry)) {
		if (loop_run(runsv->context.loop) == -1)
			diag_die_errno(EXIT_SYSTEM,
				       "unable to wait for events");
	}
	surrender_end(&runsv->surrender);
	return runsv->surrender.exit_code;
}

int main(int argc, char *argv[])
{
	struct runsv runsv = {.context = {.descriptors_left = 64}};
	int code;

	program_begin("runsv", argc, argv);
	diag_never_wait();
	if (argc != 2) {
		diag_print("usage: runsv dir");
		return EXIT_USAGE;
	}
	runsv.context.spawner = &runsv.spawner;
	begin(&runsv, argv[1]);
	code = run(&runsv);
	entry_free(&runsv.context, runsv.entry);
	aside_free_all();
	loop_free(runsv.context.loop);
	return code;
}
