/*
 * supervise.c -- supervise one service directory: the engine of svscan, with
 * one service and no scanning.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/program.h"
#include "engine/aside.h"
#include "engine/service.h"

static void on_gone(struct service *service)
{
	loop_stop(service->loop);
}

static void on_signal(void *owner, int number)
{
	if (number != SIGHUP) /* svscan's "scan now": nothing to scan here */
		service_stop(owner);
}

/* The order of the steps, and so of the messages, is 0.76's. */
static void begin(struct service *service)
{
	const struct service_trouble *trouble;

	if (chdir(service->name) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to chdir to %s",
			       service->name);
	service->dir_fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (service->dir_fd == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to open %s", service->name);
	trouble = service_open(service);
	if (trouble)
		diag_die_errno(EXIT_SYSTEM, "unable to %s %s/%s", trouble->verb,
			       service->name, trouble->file);
	service_begin(service);
}

int main(int argc, char *argv[])
{
	struct spawner spawner;
	struct service service = {
		.spawner = &spawner, .input_dir_fd = -1, .on_gone = on_gone};

	program_begin("supervise", argc, argv);
	diag_never_wait();
	if (argc != 2)
		diag_usage(EXIT_USAGE, "dir");
	service.name = argv[1];
	if (spawner_open(&spawner) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to set up descriptors");
	service.loop = loop_new();
	if (!service.loop ||
	    loop_on_signal(service.loop, on_signal, &service) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to start");
	if (getpid() == 1)
		loop_reap_orphans(service.loop);
	begin(&service);
	if (service.is_hosted && loop_run(service.loop) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to wait for events");
	aside_free_all();
	loop_free(service.loop);
	close(service.dir_fd);
	return 0;
}
