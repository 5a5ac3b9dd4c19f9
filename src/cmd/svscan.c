/*
 * svscan.c -- supervise every service of a scan directory, in one process.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/program.h"
#include "engine/command.h"
#include "engine/scan.h"
#include "engine/upgrade.h"

/* One that was just killed holds its lock a little longer: 2 s in all. */
#define LOCK_TRIES 100
static const struct timespec lock_pause = {.tv_nsec = 20000000};

struct svscan {
	struct spawner spawner;
	struct loop *loop;
	struct scanner *scanner;
	struct commander commander;
	struct upgrade upgrade;
	struct obituaries obituaries;
	bool wants_upgrade, is_stopping;
	int exit_code;
};

static void on_command(void *owner, enum scan_command command)
{
	struct svscan *svscan = owner;

	switch (command) {
	case SCAN_NOW: scanner_scan(svscan->scanner); break;
	case SCAN_STOP:
		svscan->is_stopping = true;
		scanner_stop(svscan->scanner);
		break;
	case SCAN_UPGRADE:
		if (svscan->is_stopping)
			break; /* the stop is as good as done */
		svscan->wants_upgrade = true;
		loop_stop(svscan->loop);
		break;
	case SCAN_DETACH:
		svscan->exit_code = EXIT_DETACHED;
		loop_stop(svscan->loop);
		break;
	case SCAN_COMMAND_COUNT: break;
	}
}

static void on_signal(void *owner, int number)
{
	on_command(owner, number == SIGHUP ? SCAN_NOW : SCAN_STOP);
}

/* Without commands it can still do its main job, so only a rival is fatal. */
static void listen_to_commands(struct svscan *svscan)
{
	const char *trouble;

	svscan->commander.on_command = on_command;
	svscan->commander.owner = svscan;
	for (int tries = 0;; tries++) {
		trouble = commander_open(&svscan->commander, svscan->loop);
		if (!trouble || errno != EAGAIN || tries == LOCK_TRIES)
			break;
		nanosleep(&lock_pause, NULL);
	}
	if (!trouble)
		return;
	if (errno == EAGAIN)
		diag_die_errno(EXIT_SYSTEM, "unable to %s", trouble);
	diag_warn_errno("unable to %s", trouble);
}

static void begin(struct svscan *svscan)
{
	if (spawner_open(&svscan->spawner) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to set up descriptors");
	svscan->loop = loop_new();
	if (!svscan->loop)
		diag_die_errno(EXIT_SYSTEM, "unable to start");
	obituaries_open(&svscan->obituaries, svscan->loop);
	svscan->scanner = scanner_new(svscan->loop, &svscan->spawner,
				      &svscan->obituaries);
	if (!svscan->scanner ||
	    loop_on_signal(svscan->loop, on_signal, svscan) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to start");
	if (getpid() == 1)
		loop_reap_orphans(svscan->loop);
	listen_to_commands(svscan);
	scanner_scan(svscan->scanner);
	upgrade_settle(&svscan->upgrade);
	obituaries_forget(&svscan->obituaries);
}

/* True: it was told to end, one way or the other. */
static bool run(struct svscan *svscan)
{
	if (loop_run(svscan->loop) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to wait for events");
	if (!svscan->wants_upgrade)
		return true;
	svscan->wants_upgrade = false;
	upgrade_run(&svscan->upgrade, &svscan->spawner, svscan->scanner,
		    svscan->commander.control_fd, &svscan->obituaries);
	diag_warn_errno("unable to run %s, going on as before",
			svscan->upgrade.program);
	return false;
}

int main(int argc, char *argv[])
{
	struct svscan svscan = {.loop = NULL};

	program_begin("svscan", argc, argv);
	diag_never_wait();
	upgrade_begin(&svscan.upgrade, argv);
	if (argc > 1 && !svscan.upgrade.inherited && chdir(argv[1]) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to chdir to %s", argv[1]);
	begin(&svscan);
	while (!run(&svscan))
		;
	commander_close(&svscan.commander, svscan.loop);
	scanner_free(svscan.scanner);
	obituaries_close(&svscan.obituaries);
	loop_free(svscan.loop);
	return svscan.exit_code;
}
