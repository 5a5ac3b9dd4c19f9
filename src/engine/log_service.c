/* log_service.c -- see log_service.h. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "engine/log_service.h"
#include "service/supervise_dir.h"

/* Between letting the directory go, or failing to get it, and the next try. */
#define RETURN_NS INT64_C(1000000000)

/* ---- the output ---- */

/* For services to inherit: they expect a write to wait. */
static int open_pipe(const struct log_service *log)
{
	int fd;

	supervise_dir_make(log->service.dir_fd);
	fd = supervise_dir_open_fifo(log->service.dir_fd, SUPERVISE_PIPE, 0600);
	if (fd != -1)
		fcntl(fd, F_SETFL, O_RDWR);
	return fd;
}

void log_service_use_own_output(const struct log_service *log, bool is_own)
{
	if (log->pipe_fd == -1)
		return;
	for (int i = 0; i < SPAWN_OUTPUTS; i++)
		dup2(is_own ? log->service.spawner->own_output[i]
			    : log->pipe_fd,
		     STDOUT_FILENO + i);
}

static bool is_pipe_in_place(const struct log_service *log)
{
	struct stat held, named;

	return fstat(log->pipe_fd, &held) == 0 &&
	       fstatat(log->service.dir_fd, SUPERVISE_PIPE, &named,
		       AT_SYMLINK_NOFOLLOW) == 0 &&
	       held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

/* Somebody took the pipe away: what starts from now on writes to a new one. */
static void renew_pipe(struct service *service)
{
	struct log_service *log = service->owner;
	int fd;

	if (log->is_ending || is_pipe_in_place(log))
		return;
	fd = open_pipe(log);
	if (fd == -1)
		return; /* what that means, the start will say */
	close(log->pipe_fd);
	log->pipe_fd = fd;
	log_service_use_own_output(log, false);
}

/* ---- hosting ---- */

static void host(struct log_service *log)
{
	struct service *service = &log->service;
	const struct service_trouble *trouble = service_open(service);

	if (!trouble) {
		log->said_verb = NULL;
		service_begin(service);
		return;
	}
	if (log->said_verb != trouble->verb || log->said_error != errno) {
		log->said_verb = trouble->verb;
		log->said_error = errno;
		diag_warn_errno("unable to %s %s/%s", trouble->verb,
				service->name, trouble->file);
	}
	loop_timer_set(service->loop, &log->again, loop_now_ns() + RETURN_NS);
}

static void on_again(struct loop_timer *timer)
{
	host(timer->owner);
}

static void on_gone(struct service *service)
{
	struct log_service *log = service->owner;

	if (log->is_ending)
		loop_stop(service->loop);
	else
		loop_timer_set(service->loop, &log->again,
			       loop_now_ns() + RETURN_NS);
}

static void prepare(struct log_service *log)
{
	struct service *service = &log->service;

	service->input_dir_fd = service->dir_fd;
	service->has_own_output = true;
	service->before_start = renew_pipe;
	service->on_gone = on_gone;
	service->owner = log;
	service->lock_fd = -1;
	log->again = (struct loop_timer){.on_due = on_again, .owner = log};
}

void log_service_begin(struct log_service *log, struct scanner *scanner)
{
	struct service *service = &log->service;
	struct stat status;

	service->dir_fd = log->pipe_fd = -1;
	if (!service->name)
		return;
	service->dir_fd =
		open(service->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (service->dir_fd == -1 || fstat(service->dir_fd, &status) == -1) {
		diag_warn_errno("unable to log to %s", service->name);
		return;
	}
	prepare(log);
	if (spawner_keep_output(service->spawner) == -1) {
		diag_warn_errno("unable to set up descriptors for %s",
				service->name);
		return;
	}
	log->pipe_fd = open_pipe(log);
	if (log->pipe_fd == -1) {
		diag_warn_errno("unable to create pipe for %s", service->name);
		return;
	}
	scanner_leave_out(scanner, &status);
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
	loop_timer_cancel(log->service.loop, &log->again);
	read_fd = supervise_dir_read_fifo(log->service.dir_fd, SUPERVISE_PIPE,
					  0600);
	log_service_use_own_output(log, true);
	close(log->pipe_fd);
	log->pipe_fd = -1;
	service_drain(&log->service);
	if (log->service.is_hosted && loop_run(log->service.loop) == -1)
		diag_warn_errno("unable to wait for %s", log->service.name);
	if (read_fd != -1)
		close(read_fd);
}

void log_service_forget(struct log_service *log)
{
	if (log->service.dir_fd == -1)
		return;
	if (log->again.owner)
		loop_timer_cancel(log->service.loop, &log->again);
	service_forget(&log->service);
	log_service_use_own_output(log, true);
	if (log->pipe_fd != -1)
		close(log->pipe_fd);
	close(log->service.dir_fd);
	log->service.dir_fd = log->pipe_fd = -1;
}
