/* alone.c -- see alone.h. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "engine/alone.h"
#include "engine/aside.h"
#include "engine/depend_place.h"
#include "engine/entry.h"
#include "engine/shelter.h"
#include "engine/surrender.h"

/* What could not be taken over is tried again after this time. */
#define AGAIN_NS INT64_C(1000000000)
/* Where the system doesn't tell of a new log, it is looked for so often. */
#define LOOK_NS INT64_C(5000000000)

struct alone {
	struct spawner spawner;
	struct entry_context context;
	struct entry *entry;
	struct loop_timer again;
	struct surrender surrender;
	bool is_stopping;
	bool is_left;        /* by who held the leash */
	struct leash *leash; /* NULL: it is on its own */
	struct loop_watch leash_watch;
	struct graph_facts facts; /* that were told */
};

static void stop(struct alone *alone)
{
	alone->is_stopping = true;
	loop_timer_cancel(alone->context.loop, &alone->again);
	entry_stop(alone->entry);
	if (!entry_is_hosted(alone->entry))
		loop_stop(alone->context.loop);
}

static void look_again(struct alone *alone, int64_t span_ns)
{
	loop_timer_set(alone->context.loop, &alone->again,
		       loop_now_ns() + span_ns);
}

/* Also what comes later: a log, or a log that was told to leave. */
static void host(struct alone *alone)
{
	if (alone->is_stopping)
		return;
	if (!entry_host(&alone->context, alone->entry))
		look_again(alone, AGAIN_NS);
	else if (!alone->entry->changes.is_added)
		look_again(alone, LOOK_NS);
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
	struct alone *alone = entry->owner;

	if (alone->is_stopping || !entry->service.site.is_hosted)
		stop(alone);
	else
		look_again(alone, AGAIN_NS);
}

/* Its service, or its log. */
static void on_giving_up(struct entry *entry, const char *name, const char *why,
			 int exit_code)
{
	struct alone *alone = entry->owner;

	if (!alone->is_stopping)
		surrender_demand(&alone->surrender, name, why, exit_code);
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

/* ---- on a leash ---- */

static void on_leash(struct loop_watch *watch)
{
	struct alone *alone = watch->owner;
	struct graph_facts unused;
	enum leash_message message;

	while ((message = leash_receive(watch->fd, &unused)) == LEASH_ASK)
		leash_send(watch->fd, LEASH_HERE, NULL);
	if (message != LEASH_OVER)
		return;
	loop_watch_remove(alone->context.loop, watch);
	alone->is_left = true;
	loop_stop(alone->context.loop);
}

static void before_step(struct service *service)
{
	service->standing.machine.must_wait =
		service->standing.machine.is_held = false;
}

static void after_step(struct service *service)
{
	const struct entry *entry = service->owner;
	struct alone *alone = entry->owner;
	struct graph_facts facts = depend_facts(service);

	if (memcmp(&facts, &alone->facts, sizeof(facts)) == 0)
		return;
	alone->facts = facts;
	leash_send(alone->leash->fd, LEASH_FACTS, &facts);
}

static const char *waits_for(const struct service *service)
{
	(void)service;
	return NULL;
}

static const struct service_gate gate = {before_step, after_step, waits_for};

static void put_on_leash(struct alone *alone)
{
	alone->leash_watch = (struct loop_watch){.fd = alone->leash->fd,
						 .on_readable = on_leash,
						 .owner = alone};
	if (loop_watch_add(alone->context.loop, &alone->leash_watch) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to start");
	alone->entry->service.gate = &gate;
	service_watch(&alone->entry->service);
}

/* ---- ---- */

static void begin(struct alone *alone, const char *name)
{
	struct stat status;
	bool is_there = stat(name, &status) == 0;

	if (is_there && !S_ISDIR(status.st_mode)) {
		is_there = false;
		errno = ENOTDIR;
	}
	if (!is_there)
		diag_die_errno(EXIT_SYSTEM, "unable to change to %s", name);
	if (spawner_open(&alone->spawner) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to set up descriptors");
	alone->context.loop = loop_new();
	if (!alone->context.loop ||
	    loop_on_signal(alone->context.loop, on_signal, alone) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to start");
	if (getpid() == 1)
		loop_reap_orphans(alone->context.loop);
	alone->again = (struct loop_timer){.on_due = on_again, .owner = alone};
	alone->entry = entry_new(&alone->context, name, &status);
	if (!alone->entry)
		diag_die_errno(EXIT_SYSTEM, "unable to open %s", name);
	shelter_look(&alone->entry->service.site);
	alone->entry->on_change = on_change;
	alone->entry->on_gone = on_gone;
	alone->entry->on_giving_up = on_giving_up;
	alone->entry->owner = alone;
	alone->surrender = (struct surrender){
		.loop = alone->context.loop,
		.era = &alone->spawner.eras.own,
		.dir_fd = alone->entry->service.site.state_fd,
		.file = SURRENDER_OF_SERVICE,
		.on_surrender = on_surrender,
		.owner = alone,
	};
	alone->entry->service.is_closing = surrender_begin(&alone->surrender);
	if (alone->leash)
		put_on_leash(alone);
}

/* To the end; returns the exit code. */
static int run(struct alone *alone)
{
	const struct entry *entry = alone->entry;

	host(alone);
	/* Somebody else has it, or it can't be had: that was said. A logger is
	 * left as it is found: it isn't told to drain, as whoever has the
	 * service may still write to it, and if nobody does it ends anyway. */
	if (!alone->leash && !entry->service.site.is_hosted && entry->said.what)
		return EXIT_SYSTEM;
	while (!alone->is_left &&
	       (!alone->is_stopping || entry_is_hosted(entry))) {
		if (loop_run(alone->context.loop) == -1)
			diag_die_errno(EXIT_SYSTEM,
				       "unable to wait for events");
	}
	if (!alone->is_left)
		surrender_end(&alone->surrender);
	return alone->surrender.exit_code;
}

int alone_run(const char *name, struct leash *leash)
{
	struct alone alone = {.context = {.descriptors_left = 64},
			      .leash = leash};
	int code;

	alone.context.spawner = &alone.spawner;
	begin(&alone, name);
	code = run(&alone);
	entry_free(&alone.context, alone.entry);
	aside_free_all();
	loop_free(alone.context.loop);
	return code;
}
