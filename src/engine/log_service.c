/* log_service.c -- see log_service.h. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "engine/log_service.h"
#include "engine/shelter.h"
#include "engine/takeover.h"
#include "service/supervise_dir.h"

/* Between letting the directory go, or failing to get it, and the next try. */
#define RETURN_NS INT64_C(1000000000)

/* ---- the output ---- */

/* For services to inherit: they expect a write to wait. */
static int have_pipe(const struct log_service *log)
{
	int dir_fd = log->service.site.state_fd, fd = log->pipe_fd;

	if (fd == -1)
		fd = supervise_dir_open_fifo(dir_fd, SUPERVISE_PIPE, 0600);
	else
		fd = supervise_dir_renew_fifo(dir_fd, SUPERVISE_PIPE, 0600, fd);
	if (fd != -1)
		fcntl(fd, F_SETFL, O_RDWR);
	return fd;
}

/* What writes there needn't be able to read it, if somebody else can. */
static void keep_pipe(struct log_service *log)
{
	const struct site *site = &log->service.site;
	int read_fd;

	if (log->pipe.keeper || !keeper_is_there(site->keeper))
		return;
	read_fd = supervise_dir_read_fifo(site->state_fd, SUPERVISE_PIPE, 0600);
	if (read_fd == -1)
		return;
	keeper_keep(site->keeper, &log->pipe, read_fd, true);
	keeper_flush(site->keeper);
	if (!keeper_has(&log->pipe))
		return;
	log->out_fd = openat(site->state_fd, SUPERVISE_PIPE,
			     O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (log->out_fd != -1)
		fcntl(log->out_fd, F_SETFL, O_WRONLY);
}

static void let_pipe_go(struct log_service *log)
{
	keeper_drop(&log->pipe);
	if (log->out_fd != -1)
		close(log->out_fd);
	log->out_fd = -1;
}

void log_service_use_own_output(const struct log_service *log, bool is_own)
{
	if (log->pipe_fd == -1)
		return;
	for (int i = 0; i < SPAWN_OUTPUTS; i++)
		dup2(is_own ? log->service.site.spawner->own_output[i]
		     : log->out_fd != -1 ? log->out_fd
					 : log->pipe_fd,
		     STDOUT_FILENO + i);
}

/* Somebody may have taken the pipe away: what starts from now on writes to a
 * new one. */
static void renew_pipe(struct service *service)
{
	struct log_service *log = service->owner;
	int held_fd = log->pipe_fd;

	if (log->is_ending)
		return;
	log->pipe_fd = have_pipe(log);
	if (log->pipe_fd != held_fd)
		let_pipe_go(log);
	keep_pipe(log);
	log_service_use_own_output(log, false);
}

/* ---- hosting ---- */

/* Said once. */
static void complain(struct log_service *log, const char *what)
{
	struct problem problem;

	problem_note(&problem, what, "%s", log->service.site.name);
	problem_warn_once(&log->said, &problem);
}

static void host(struct log_service *log)
{
	struct service *service = &log->service;
	struct problem problem;

	if (shelter_open_service(service, &problem) == 0) {
		log->said = (struct problem_said){NULL, NULL};
		service_begin(service);
		return;
	}
	problem_warn_once(&log->said, &problem);
	loop_timer_set(service->site.loop, &log->again,
		       loop_now_ns() + RETURN_NS);
}

static void on_again(struct loop_timer *timer)
{
	host(timer->owner);
}

static void on_gone(struct service *service)
{
	struct log_service *log = service->owner;

	if (log->is_ending)
		loop_stop(service->site.loop);
	else
		loop_timer_set(service->site.loop, &log->again,
			       loop_now_ns() + RETURN_NS);
}

static const struct service_owner calls = {.before_start = renew_pipe,
					   .on_gone = on_gone};

static void prepare(struct log_service *log)
{
	struct service *service = &log->service;

	service->site.has_own_output = true;
	service->calls = &calls;
	service->owner = log;
	service->site.lock_fd = -1;
	log->again = (struct loop_timer){.on_due = on_again, .owner = log};
}

void log_service_begin(struct log_service *log, struct scanner *scanner)
{
	log->scanner = scanner;
	log->service.site.dir_fd = log->pipe_fd = log->out_fd = -1;
	log->service.site.state_fd = -1;
	prepare(log);
	if (!log->service.site.name ||
	    spawner_keep_output(log->service.site.spawner) == 0)
		return;
	complain(log, "set up descriptors for");
	log->service.site.name = NULL;
}

/* Its directory, and the pipe in it. NULL, or what could not be done, with
 * errno. */
static const char *enter(struct log_service *log, struct stat *status)
{
	struct service *service = &log->service;

	service->site.dir_fd =
		open(service->site.name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (service->site.dir_fd == -1 ||
	    fstat(service->site.dir_fd, status) == -1)
		return "log to";
	shelter_begin(&service->site, service->site.dir_fd,
		      service->site.dir_fd);
	shelter_make(&service->site);
	log->pipe_fd = have_pipe(log);
	if (log->pipe_fd == -1 && shelter_take(&service->site, errno))
		log->pipe_fd = have_pipe(log);
	service->site.input_dir_fd = service->site.state_fd;
	if (log->pipe_fd != -1)
		keep_pipe(log);
	return log->pipe_fd == -1 ? "create pipe for" : NULL;
}

void log_service_look(struct log_service *log)
{
	struct service *service = &log->service;
	struct stat status;
	const char *trouble;

	if (!service->site.name || log->pipe_fd != -1 || log->is_ending)
		return;
	trouble = enter(log, &status);
	if (trouble) {
		complain(log, trouble);
		shelter_leave(&service->site);
		if (service->site.dir_fd != -1)
			close(service->site.dir_fd);
		service->site.dir_fd = service->site.state_fd = -1;
		return;
	}
	scanner_leave_out(log->scanner, &status);
	host(log); /* what is in the way is said where it can be seen */
	log_service_use_own_output(log, false);
}

void log_service_visit_fifos(const struct log_service *log,
			     void (*visit)(int fd, void *with), void *with)
{
	if (log->pipe_fd != -1)
		visit(log->pipe_fd, with);
	service_visit_fifos(&log->service, visit, with);
}

/* ---- the end ---- */

/*
 * From now on there is no writer but what services may have left behind. A read
 * end stays, so that what is in the pipe isn't lost while the log service is
 * between two starts.
 */
void log_service_end(struct log_service *log)
{
	int read_fd;

	if (log->pipe_fd == -1)
		return;
	log->is_ending = true;
	loop_timer_cancel(log->service.site.loop, &log->again);
	read_fd = supervise_dir_read_fifo(log->service.site.state_fd,
					  SUPERVISE_PIPE, 0600);
	log_service_use_own_output(log, true);
	let_pipe_go(log);
	close(log->pipe_fd);
	log->pipe_fd = -1;
	service_drain(&log->service);
	if (log->service.site.is_hosted &&
	    loop_run(log->service.site.loop) == -1)
		diag_warn_errno("unable to wait for %s",
				log->service.site.name);
	if (read_fd != -1)
		close(read_fd);
}

void log_service_forget(struct log_service *log)
{
	if (log->service.site.dir_fd == -1)
		return;
	if (log->again.owner)
		loop_timer_cancel(log->service.site.loop, &log->again);
	service_forget(&log->service);
	log_service_use_own_output(log, true);
	let_pipe_go(log);
	if (log->pipe_fd != -1)
		close(log->pipe_fd);
	shelter_leave(&log->service.site);
	close(log->service.site.dir_fd);
	log->service.site.dir_fd = log->pipe_fd = -1;
	log->service.site.state_fd = -1;
}
