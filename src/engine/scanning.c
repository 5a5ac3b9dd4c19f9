/* scanning.c -- see scanning.h. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

#include "base/diag.h"
#include "engine/alone.h"
#include "engine/command.h"
#include "engine/herald.h"
#include "engine/log_service.h"
#include "engine/moved.h"
#include "engine/scan.h"
#include "engine/aside.h"
#include "engine/farewell.h"
#include "engine/scanning.h"
#include "engine/surrender.h"
#include "engine/upgrade.h"
#include "service/readiness.h"

/* One that was just killed holds its lock a little longer: 2 s in all. */
#define LOCK_TRIES  100
#define YIELD_TRIES 10
static const struct timespec lock_pause = {.tv_nsec = 20000000};

struct scanning {
	struct spawner spawner;
	struct loop *loop;
	struct scanner *scanner;
	struct commander commander;
	struct upgrade upgrade;
	struct readiness readiness;
	struct obituaries obituaries;
	struct keeper keeper;
	struct log_service log;
	struct moved moved;
	const struct scanning_rules *rules;
	struct surrender surrender;
	struct farewell farewell;
	struct mains mains;
	bool wants_upgrade, is_detaching, is_stopping;
	int exit_code;
};

/* `reason` may be NULL: who told it to knows. */
static void stop(struct scanning *scanning, int exit_code, const char *reason)
{
	if (scanning->is_stopping)
		return;
	scanning->is_stopping = true;
	scanning->exit_code = exit_code;
	farewell_begins(&scanning->farewell, reason);
	scanner_stop(scanning->scanner);
}

static void detach(struct scanning *scanning)
{
	scanning->is_detaching = true;
	scanning->exit_code = scanning->rules->detached_code;
	loop_stop(scanning->loop);
}

static void on_command(void *owner, enum scan_command command)
{
	struct scanning *scanning = owner;

	switch (command) {
	case SCAN_NOW: scanner_scan(scanning->scanner); break;
	case SCAN_STOP:
		stop(scanning, scanning->rules->stopped_code, NULL);
		break;
	case SCAN_UPGRADE:
		if (scanning->is_stopping)
			break; /* the stop is as good as done */
		scanning->wants_upgrade = true;
		loop_stop(scanning->loop);
		break;
	case SCAN_YIELD:
		if (scanning->obituaries.is_over)
			detach(scanning);
		break;
	case SCAN_DETACH: detach(scanning); break;
	case SCAN_COMMAND_COUNT: break;
	}
}

static void on_signal(void *owner, int number)
{
	const struct scanning_rules *rules = ((struct scanning *)owner)->rules;

	on_command(owner, number == SIGHUP ? rules->on_hangup : rules->on_term);
}

/* ---- when a service gives up ---- */

static void on_surrender(struct surrender *surrender)
{
	stop(surrender->owner, surrender->exit_code,
	     surrender->reason[0] ? surrender->reason : NULL);
}

static void on_giving_up(void *owner, const char *name, const char *why,
			 int exit_code)
{
	struct scanning *scanning = owner;

	if (scanning->mains.needs_all && mains_has(&scanning->mains, name) &&
	    !scanner_is_last_main(scanning->scanner, name))
		return;
	surrender_demand(&scanning->surrender, name, why, exit_code);
}

static void prepare_surrender(struct scanning *scanning)
{
	scanning->surrender = (struct surrender){
		.loop = scanning->loop,
		.era = &scanning->spawner.eras.own,
		.dir_fd = AT_FDCWD,
		.file = SURRENDER_OF_SCAN,
		.on_surrender = on_surrender,
		.owner = scanning,
	};
	scanner_on_giving_up(scanning->scanner, on_giving_up, scanning);
}

/* ---- when all ends ---- */

static void on_down(void *owner)
{
	farewell_down(&((struct scanning *)owner)->farewell);
}

static void prepare_farewell(struct scanning *scanning)
{
	scanning->farewell.scanner = scanning->scanner;
	scanning->farewell.log = &scanning->log;
	if (scanning->farewell.fd != -1)
		scanner_on_down(scanning->scanner, on_down, scanning);
}

/* Without commands it can still do its main job, so only a rival is fatal.
 * False: there is one, and it was said. */
static bool listen_to_commands(struct scanning *scanning)
{
	const char *trouble;

	scanning->commander.on_command = on_command;
	scanning->commander.owner = scanning;
	for (int tries = 0;; tries++) {
		trouble = commander_open(&scanning->commander, scanning->loop);
		if (!trouble || errno != EAGAIN || tries == LOCK_TRIES)
			break;
		commander_close(&scanning->commander, scanning->loop);
		/* One whose svscanboot was killed leaves its place to ours. */
		if (scanning->obituaries.fd != -1 && tries % YIELD_TRIES == 0)
			scan_control_send(".", SCAN_YIELD);
		nanosleep(&lock_pause, NULL);
	}
	if (trouble && errno == EAGAIN) {
		diag_fatal_errno("unable to %s", trouble);
		return false;
	}
	if (trouble)
		diag_warn_errno("unable to %s", trouble);
	scanning->surrender.dir_fd = scanning->commander.state_fd;
	scanner_keep_state_at(scanning->scanner, scanning->commander.state_fd);
	return true;
}

/* The name leads to another directory: that one is it from now on. */
static void on_move(void *owner)
{
	struct scanning *scanning = owner;

	if (scanning->is_stopping)
		return;
	if (chdir(scanning->moved.path) == -1) {
		diag_warn_errno("unable to chdir to %s", scanning->moved.path);
		return;
	}
	commander_close(&scanning->commander, scanning->loop);
	if (!listen_to_commands(scanning))
		diag_warn("going on without commands");
	scanner_move(scanning->scanner);
}

/* After begin(), however far that came. */
static void end(struct scanning *scanning)
{
	if (!scanning->loop)
		return;
	keeper_close(&scanning->keeper);
	commander_close(&scanning->commander, scanning->loop);
	log_service_forget(&scanning->log);
	aside_free_all();
	scanner_free(scanning->scanner);
	obituaries_close(&scanning->obituaries);
	loop_free(scanning->loop);
}

static void before_scan(void *owner)
{
	struct scanning *scanning = owner;

	log_service_look(&scanning->log);
}

/* First of all services, so that what they say at their start is logged. */
static void begin_log(struct scanning *scanning)
{
	struct service *service = &scanning->log.service;

	service->site.name = scanning->upgrade.log_name;
	service->site.loop = scanning->loop;
	service->site.spawner = &scanning->spawner;
	service->obituaries = &scanning->obituaries;
	service->site.keeper = &scanning->keeper;
	log_service_begin(&scanning->log, scanning->scanner);
	scanner_before_scan(scanning->scanner, before_scan, scanning);
}

/* False: it can't begin, and it was said why. */
static bool begin(struct scanning *scanning)
{
	if (spawner_open(&scanning->spawner) == -1) {
		diag_fatal_errno("unable to set up descriptors");
		return false;
	}
	scanning->loop = loop_new();
	if (!scanning->loop) {
		diag_fatal_errno("unable to start");
		return false;
	}
	obituaries_open(&scanning->obituaries, scanning->loop);
	keeper_open(&scanning->keeper, scanning->loop);
	upgrade_take_sockets(&scanning->upgrade, &scanning->keeper);
	scanning->scanner =
		scanner_new(scanning->loop, &scanning->spawner,
			    &scanning->obituaries, &scanning->keeper);
	if (!scanning->scanner ||
	    loop_on_signal(scanning->loop, on_signal, scanning) == -1) {
		diag_fatal_errno("unable to start");
		return false;
	}
	prepare_surrender(scanning);
	prepare_farewell(scanning);
	if (scanning->mains.value)
		scanner_have_mains(scanning->scanner, &scanning->mains);
	if (scanning->rules->stops_removed)
		scanner_stop_removed(scanning->scanner);
	if (getpid() == 1)
		loop_reap_orphans(scanning->loop);
	if (!listen_to_commands(scanning))
		return false;
	begin_log(scanning);
	if (surrender_begin(&scanning->surrender) ||
	    scanning->farewell.has_begun)
		scanner_start_none(scanning->scanner);
	scanner_scan(scanning->scanner);
	upgrade_settle(&scanning->upgrade);
	herald_sweep();
	obituaries_forget(&scanning->obituaries);
	readiness_tell(&scanning->readiness);
	return true;
}

static void follow(struct scanning *scanning, const char *folder)
{
	scanning->moved.loop = scanning->loop;
	scanning->moved.path = folder;
	scanning->moved.on_move = on_move;
	scanning->moved.owner = scanning;
	moved_watch(&scanning->moved);
}

/* True: it was told to end, one way or the other. */
static bool is_over(struct scanning *scanning)
{
	if (loop_run(scanning->loop) == -1) {
		diag_fatal_errno("unable to wait for events");
		scanning->exit_code = EXIT_SYSTEM;
		return true;
	}
	if (!scanning->wants_upgrade || scanning->is_detaching)
		return true;
	scanning->wants_upgrade = false;
	/* Told to stop in the same round: the next program would not know. */
	if (scanning->is_stopping)
		return scanner_is_gone(scanning->scanner);
	scanner_settle(scanning->scanner);
	loop_hold_signals(scanning->loop, true);
	farewell_hand_down(&scanning->farewell, true);
	mains_hand_down(&scanning->mains, true);
	upgrade_run(&scanning->upgrade, &scanning->spawner, scanning->scanner,
		    &scanning->log, scanning->commander.control_fd,
		    &scanning->obituaries, &scanning->keeper);
	diag_warn_errno("unable to run %s, going on as before",
			scanning->upgrade.program);
	farewell_hand_down(&scanning->farewell, false);
	mains_hand_down(&scanning->mains, false);
	loop_hold_signals(scanning->loop, false);
	return false;
}

int scanning_run(const struct scanning_rules *rules, const char *called_as,
		 char *folder, char *log_name)
{
	struct leash leash;
	struct scanning scanning = {
		.rules = rules,
		.commander = {.state_fd = AT_FDCWD,
			      .lock_fd = -1,
			      .control_fd = -1},
		.obituaries = {.fd = -1},
		.keeper = {.door_fd = -1},
		.farewell = {.fd = -1},
		.log = {.service = {.site = {.dir_fd = -1}},
			.pipe_fd = -1,
			.out_fd = -1},
	};

	leash_take(&leash);
	if (leash.fd != -1)
		return alone_run(folder, &leash);
	upgrade_begin(&scanning.upgrade, called_as, folder, log_name);
	readiness_take(&scanning.readiness);
	farewell_open(&scanning.farewell);
	mains_take(&scanning.mains);
	if (folder && !scanning.upgrade.inherited && chdir(folder) == -1) {
		diag_fatal_errno("unable to chdir to %s", folder);
		return EXIT_SYSTEM;
	}
	if (!begin(&scanning)) {
		scanning.exit_code = EXIT_SYSTEM;
		goto out;
	}
	if (rules->follows_name)
		follow(&scanning, folder);
	while (!is_over(&scanning))
		;
	if (rules->follows_name)
		moved_end(&scanning.moved);
	if (scanning.is_stopping && !scanning.is_detaching)
		log_service_end(&scanning.log);
	if (scanning.is_stopping)
		surrender_end(&scanning.surrender);
	if (scanning.is_stopping && !scanning.is_detaching)
		farewell_over(&scanning.farewell, scanning.exit_code);
out:
	end(&scanning);
	farewell_close(&scanning.farewell);
	mains_free(&scanning.mains);
	return scanning.exit_code;
}
