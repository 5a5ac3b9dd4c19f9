/*
 * supervise.c -- supervise one service directory: the engine of svscan, with
 * one service and no scanning.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/program.h"
#include "engine/aside.h"
#include "engine/service.h"
#include "engine/shelter.h"
#include "engine/surrender.h"
#include "engine/takeover.h"

static void on_gone(struct service *service)
{
	loop_stop(service->site.loop);
}

static void on_surrender(struct surrender *surrender)
{
	service_stop(surrender->owner);
}

static void on_giving_up(struct service *service, const char *why,
			 int exit_code)
{
	surrender_demand(service->owner, service->site.name, why, exit_code);
}

static void on_signal(void *owner, int number)
{
	if (number != SIGHUP) /* svscan's "scan now": nothing to scan here */
		service_stop(owner);
}

/* Once the directory is ours, and before the first step there. */
static void begin_surrender(struct service *service,
			    struct surrender *surrender)
{
	*surrender = (struct surrender){
		.loop = service->site.loop,
		.era = &service->site.spawner->eras.own,
		.dir_fd = service->site.state_fd,
		.file = SURRENDER_OF_SERVICE,
		.on_surrender = on_surrender,
		.owner = service,
	};
	service->owner = surrender;
	service->is_closing = surrender_begin(surrender);
}

/* The order of the steps, and so of the messages, is 0.76's. */
static void begin(struct service *service, struct surrender *surrender)
{
	struct problem problem;

	if (chdir(service->site.name) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to chdir to %s",
			       service->site.name);
	service->site.dir_fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (service->site.dir_fd == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to open %s",
			       service->site.name);
	shelter_begin(&service->site, service->site.dir_fd,
		      service->site.dir_fd);
	if (shelter_open_service(service, &problem) == -1) {
		problem_fatal(&problem);
		exit(EXIT_SYSTEM);
	}
	begin_surrender(service, surrender);
	service_begin(service);
	service_end_held(service);
}

int main(int argc, char *argv[])
{
	static const struct service_owner calls = {.on_giving_up = on_giving_up,
						   .on_gone = on_gone};
	struct spawner spawner;
	struct surrender surrender;
	struct service service = {
		.site = {.spawner = &spawner, .input_dir_fd = -1},
		.calls = &calls,
	};

	program_begin("supervise", argc, argv);
	diag_never_wait();
	if (argc != 2)
		diag_usage(EXIT_USAGE, "dir");
	service.site.name = argv[1];
	if (spawner_open(&spawner) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to set up descriptors");
	service.site.loop = loop_new();
	if (!service.site.loop ||
	    loop_on_signal(service.site.loop, on_signal, &service) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to start");
	if (getpid() == 1)
		loop_reap_orphans(service.site.loop);
	begin(&service, &surrender);
	if (service.site.is_hosted && loop_run(service.site.loop) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to wait for events");
	surrender_end(&surrender);
	aside_free_all();
	loop_free(service.site.loop);
	shelter_leave(&service.site);
	close(service.site.dir_fd);
	return surrender.exit_code;
}
