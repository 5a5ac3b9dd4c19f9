/* control.c -- see control.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/strb.h"
#include "client/commands.h"
#include "client/waiting.h"
#include "cmd/sv/control.h"
#include "cmd/sv/line.h"
#include "service/control.h"
#include "service/scan_dir.h"

struct job {
	const char *name; /* borrowed */
	char *path;       /* owned */
	struct waiting waiting;
	bool is_waiting;
	struct controller *controller;
};

struct controller {
	const struct control_request *request;
	struct loop *loop;
	struct job *jobs; /* as many as there are names */
	struct loop_timer timer;
	size_t waiting_count;
	int failed_count;
};

/* ---- services by name ---- */

/* The descriptor of its directory, or -1 with errno. */
static int open_service(const char *name, const char *scan_dir, char *path,
			size_t size_bytes)
{
	if (scan_dir_path_of(name, scan_dir, path, size_bytes) == -1)
		return -1;
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void say_no_directory(const char *name)
{
	printf("fail: %s: unable to change to service directory: %s", name,
	       diag_reason(errno));
}

/* ---- status ---- */

static void show_log(const char *name, int dir_fd)
{
	char room[PATH_MAX];
	struct strb log_name = strb_on(room, sizeof(room));
	struct look look;
	int log_fd = look_open_log(dir_fd);

	if (log_fd == -1 && (errno == ENOENT || errno == ENOTDIR))
		return;
	fputs("; ", stdout);
	strb_add_format(&log_name, "%s/log", name);
	if (log_fd == -1) {
		line_trouble_with(room, "change directory");
		return;
	}
	look_take(log_fd, &look, NULL);
	if (look.trouble)
		line_trouble(room, &look);
	else
		line_service("log", log_fd, &look);
	close(log_fd);
}

static enum control_status status_of(const struct look *look)
{
	if (!look->trouble)
		return look->phase == LOOK_DOWN ? CONTROL_IS_DOWN
						: CONTROL_IS_UP;
	return !look->is_hosted && look->error == ENXIO ? CONTROL_IS_NONE
							: CONTROL_IS_UNKNOWN;
}

enum control_status control_show(const char *name, const char *scan_dir)
{
	char path[PATH_MAX];
	struct look look;
	int dir_fd = open_service(name, scan_dir, path, sizeof(path));

	if (dir_fd == -1) {
		say_no_directory(name);
		line_end();
		return CONTROL_IS_NONE;
	}
	look_take(dir_fd, &look, NULL);
	if (look.trouble) {
		line_trouble(name, &look);
	} else {
		line_service(name, dir_fd, &look);
		show_log(name, dir_fd);
	}
	line_end();
	close(dir_fd);
	return status_of(&look);
}

/* ---- sending ---- */

/* Told to leave, runit's supervisor ends the service as well; ours and the
 * original only leave when it has ended. */
static bool is_runits(const struct look *look)
{
	return look->size == STATUS_SIZE && !look->has_state;
}

static bool has_file(const struct job *job, const char *name)
{
	return faccessat(job->waiting.dir_fd, name, F_OK, 0) == 0;
}

/* The letters of the order, as this very service needs them. */
static void choose_letters(const struct job *job, const struct order *order,
			   char out[8])
{
	struct strb letters = strb_on(out, 8);
	bool is_ours = job->waiting.before.has_state;

	for (const char *l = order->letters; *l != '\0'; l++) {
		char letter = *l;

		if (letter == 'x' && !is_runits(&job->waiting.before))
			strb_add(&letters, "d");
		else if (letter == 't' && order->kind != ORDER_COMMAND &&
			 is_ours && has_file(job, "down-signal") &&
			 control_find('r'))
			letter = 'r';
		else if (letter == 'h' && order->kind != ORDER_COMMAND &&
			 is_ours && has_file(job, "reload-signal") &&
			 control_find('l'))
			letter = 'l';
		strb_add_bytes(&letters, &letter, 1);
	}
}

/* 0, or -1 after it was said why not. */
static int send_letters(const struct job *job, const char *letters)
{
	int64_t patience_ns = COMMANDS_PATIENCE_NS;
	int control_fd, result = -1;

	control_fd = commands_open(job->waiting.dir_fd);
	if (control_fd == -1)
		line_trouble_with(job->name, "open supervise/control");
	else if (commands_write(control_fd, letters, strlen(letters)) == -1)
		line_trouble_with(job->name, "write to supervise/control");
	else
		result = 0;
	if (result == -1)
		line_end();
	if (control_fd != -1)
		commands_close(control_fd, &patience_ns);
	return result;
}

/* ---- reporting ---- */

static void report(const struct job *job, const char *prefix)
{
	const struct look *look = &job->waiting.now;

	fputs(prefix, stdout);
	if (look->trouble)
		line_trouble(job->name, look);
	else
		line_service(job->name, job->waiting.dir_fd, look);
	line_end();
}

static bool is_to_go(const struct job *job)
{
	return job->controller->request->order->condition == CONDITION_GONE;
}

static void report_success(const struct job *job)
{
	if (!job->waiting.now.is_hosted && is_to_go(job)) {
		printf("ok: %s: runsv not running", job->name);
		line_end();
		return;
	}
	report(job, "ok: ");
}

static void on_outcome(struct waiting *waiting)
{
	struct job *job = waiting->owner;
	struct controller *controller = job->controller;

	job->is_waiting = false;
	controller->waiting_count--;
	if (waiting->outcome == OUTCOME_REACHED) {
		report_success(job);
	} else {
		report(job, waiting->outcome == OUTCOME_FAILED ? "fail: " : "");
		controller->failed_count++;
	}
	if (controller->waiting_count == 0)
		loop_stop(controller->loop);
}

static void give_up(struct controller *controller, struct job *job)
{
	bool kills = controller->request->order->kind == ORDER_FORCE;

	job->is_waiting = false;
	waiting_end(&job->waiting);
	look_take(job->waiting.dir_fd, &job->waiting.now, NULL);
	report(job, kills ? "kill: " : "timeout: ");
	controller->failed_count++;
	if (kills)
		send_letters(job, "k");
}

static void on_timeout(struct loop_timer *timer)
{
	struct controller *controller = timer->owner;

	for (size_t i = 0; i < controller->request->count; i++) {
		if (controller->jobs[i].is_waiting)
			give_up(controller, &controller->jobs[i]);
	}
	loop_stop(controller->loop);
}

/* ---- carrying out ---- */

/* False: it needn't be waited for, or it can't. */
static bool begin(struct controller *controller, struct job *job)
{
	const struct control_request *request = controller->request;
	char letters[8];

	if (job->waiting.before.trouble && !job->waiting.before.is_hosted) {
		if (is_to_go(job) && job->waiting.before.error == ENXIO) {
			report_success(job);
			return false;
		}
		line_trouble(job->name, &job->waiting.before);
		line_end();
		controller->failed_count++;
		return false;
	}
	choose_letters(job, request->order, letters);
	if (letters[0] != '\0' && send_letters(job, letters) == -1) {
		controller->failed_count++;
		return false;
	}
	return request->waits || request->order->kind != ORDER_COMMAND;
}

static void start_job(struct controller *controller, struct job *job,
		      const char *name)
{
	const struct control_request *request = controller->request;
	struct waiting *waiting = &job->waiting;
	char path[PATH_MAX];

	job->name = name;
	job->controller = controller;
	waiting->dir_fd =
		open_service(name, request->scan_dir, path, sizeof(path));
	if (waiting->dir_fd != -1)
		job->path = strdup(path);
	if (!job->path) {
		say_no_directory(name);
		line_end();
		controller->failed_count++;
		return;
	}
	waiting->loop = controller->loop;
	waiting->path = job->path;
	waiting->condition = request->order->condition;
	waiting->asks_check = true;
	waiting->has_acted = request->order->letters[0] != '\0';
	waiting->on_outcome = on_outcome;
	waiting->owner = job;
	waiting_begin(waiting);
	job->is_waiting = begin(controller, job);
	if (job->is_waiting)
		controller->waiting_count++;
	else
		waiting_end(waiting);
}

static void end_job(struct job *job)
{
	if (job->is_waiting)
		waiting_end(&job->waiting);
	if (job->name && job->waiting.dir_fd != -1)
		close(job->waiting.dir_fd);
	free(job->path);
}

static int wait_for_all(struct controller *controller, int64_t begun_at_ns)
{
	const struct control_request *request = controller->request;

	controller->timer.on_due = on_timeout;
	controller->timer.owner = controller;
	loop_timer_set(controller->loop, &controller->timer,
		       begun_at_ns + request->timeout_ns);
	for (size_t i = 0; i < request->count; i++) {
		if (controller->jobs[i].is_waiting)
			waiting_judge(&controller->jobs[i].waiting);
	}
	return controller->waiting_count == 0 ? 0 : loop_run(controller->loop);
}

int control_services(const struct control_request *request)
{
	struct controller controller = {.request = request};
	int64_t begun_at_ns = loop_now_ns();
	int result = -1;

	watch_make_room(request->count);
	controller.loop = loop_new();
	controller.jobs = calloc(request->count, sizeof(*controller.jobs));
	if (!controller.loop || !controller.jobs)
		goto out;
	for (size_t i = 0; i < request->count; i++)
		start_job(&controller, &controller.jobs[i], request->names[i]);
	if (wait_for_all(&controller, begun_at_ns) == -1)
		goto out;
	result = controller.failed_count;
out:
	for (size_t i = 0; controller.jobs && i < request->count; i++)
		end_job(&controller.jobs[i]);
	free(controller.jobs);
	loop_free(controller.loop);
	return result;
}
