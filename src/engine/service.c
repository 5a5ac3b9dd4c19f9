/* service.c -- see service.h. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/fd.h"
#include "base/tai64n.h"
#include "engine/recall.h"
#include "engine/service.h"
#include "service/identity.h"
#include "service/supervise_dir.h"

static void take_step(struct service *service, enum machine_event event,
		      char letter);

/* ---- what others can see ---- */

static void fill_state(const struct service *service, struct state *state)
{
	const struct process_end *end = &service->last_end;

	memset(state, 0, sizeof(*state));
	state->version = STATE_VERSION;
	memcpy(state->boot_id, service->spawner->boot_id,
	       sizeof(state->boot_id));
	state->is_hosted = service->machine.phase != MACHINE_GONE;
	state_from_machine(state, &service->machine);
	state->pid = service->pid;
	state->start_ticks = service->start_ticks;
	tai64n_format(service->changed_at, state->changed_at);
	state->starts = service->starts;
	state->deaths = service->deaths;
	state->signal_due = service->signals_due[0];
	state->next_signal_due = service->signals_due[1];
	if (service->last_end_at.tv_sec == 0)
		return;
	snprintf(state->last_end, sizeof(state->last_end), "%s",
		 !end->is_known       ? "unknown"
		 : end->signal_number ? "signal"
				      : "exit");
	state->last_number =
		end->signal_number ? end->signal_number : end->exit_code;
	state->has_dumped = end->has_dumped;
	tai64n_format(service->last_end_at, state->last_end_at);
}

/* Also where somebody removed the directory, which may come back by itself. */
static int replace_file(int dir_fd, const char *name, const void *bytes,
			size_t count)
{
	if (fd_replace_file(dir_fd, name, bytes, count, 0644) == 0)
		return 0;
	if (errno != ENOENT)
		return -1;
	supervise_dir_make(dir_fd);
	return fd_replace_file(dir_fd, name, bytes, count, 0644);
}

static void pack_status(const struct service *service, pid_t pid,
			unsigned char record[STATUS_SIZE])
{
	const struct status status = {
		.changed_at = service->changed_at,
		.run_pid = (uint32_t)pid,
		.is_paused = service->machine.is_paused,
		.wanted = (char)service->machine.want,
		.is_term_sent = service->machine.is_term_sent,
	};

	status_pack(&status, record);
}

static int publish_status(struct service *service)
{
	unsigned char record[STATUS_SIZE];

	pack_status(service, service->pid, record);
	if (memcmp(record, service->published, STATUS_SIZE) == 0)
		return 0;
	if (replace_file(service->dir_fd, SUPERVISE_STATUS, record,
			 STATUS_SIZE) == -1)
		return -1;
	memcpy(service->published, record, STATUS_SIZE);
	return 0;
}

/* With the next change, or after this time, what couldn't be written is. */
#define PUBLISH_AGAIN_NS INT64_C(5000000000)

static int write_state(int dir_fd, const struct state *state)
{
	char text[STATE_SIZE_MAX];
	size_t len = state_format(state, text);

	return replace_file(dir_fd, SUPERVISE_STATE, text, len);
}

/* The state first: it is what a later supervisor goes by. */
static void publish(struct service *service)
{
	struct state state;
	const char *broken = NULL;
	int error = 0;

	fill_state(service, &state);
	if (write_state(service->dir_fd, &state) == -1) {
		broken = SUPERVISE_STATE;
		error = errno;
	}
	if (publish_status(service) == -1 && !broken) {
		broken = SUPERVISE_STATUS;
		error = errno;
	}
	errno = error;
	if (broken && !service->is_status_broken)
		diag_warn_errno("unable to write %s/%s.new", service->name,
				broken);
	service->is_status_broken = broken != NULL;
	if (broken)
		loop_timer_set(service->loop, &service->again,
			       loop_now_ns() + PUBLISH_AGAIN_NS);
	else
		loop_timer_cancel(service->loop, &service->again);
}

static void publish_again(struct loop_timer *timer)
{
	publish(timer->owner);
}

/* ---- the process ---- */

static void end_process(struct service *service, struct process_end end)
{
	service->pid = 0;
	service->start_ticks = 0;
	service->deaths++;
	service->last_end = end;
	service->last_end_at = service->changed_at = tai64n_now();
}

/* Commands that came before the death count in what follows from it: as many
 * as a FIFO holds, so that whoever floods it can't keep out other services. */
#define COMMANDS_MOST    65536
#define COMMANDS_AT_ONCE 64
static void read_commands(struct service *service, size_t most);

/*
 * Nothing can be run in a directory that was removed, and no command can reach
 * its supervisor: the service ends with its process.
 */
static void stop_if_removed(struct service *service)
{
	struct stat status;

	if (fstat(service->dir_fd, &status) == 0 && status.st_nlink == 0)
		take_step(service, EVENT_STOP, 0);
}

static void on_exit_of_process(struct loop_process *process,
			       struct process_end end)
{
	struct service *service = process->owner;

	read_commands(service, COMMANDS_MOST);
	stop_if_removed(service);
	end_process(service, end);
	take_step(service, EVENT_EXITED, 0);
}

static int watch_process(struct service *service, pid_t pid, int pidfd,
			 bool is_child)
{
	service->process = (struct loop_process){
		.pid = pid,
		.is_child = is_child,
		.on_exit = on_exit_of_process,
		.owner = service,
	};
	return loop_process_add(service->loop, &service->process, pidfd);
}

/* In the child, whose cwd is the directory: what publish() would say of it. */
static enum record_result record_start(const void *owner,
				       const struct identity *identity)
{
	const struct service *service = owner;
	unsigned char record[STATUS_SIZE];
	struct state state;

	fill_state(service, &state);
	state.pid = identity->pid;
	state.start_ticks = identity->start_ticks;
	if (write_state(AT_FDCWD, &state) == -1)
		return RECORD_FAILED;
	pack_status(service, (pid_t)identity->pid, record);
	if (replace_file(AT_FDCWD, SUPERVISE_STATUS, record, STATUS_SIZE) == -1)
		return RECORD_PARTIAL;
	return RECORD_COMPLETE;
}

static int spawn_run(struct service *service, struct spawned *spawned)
{
	const struct spawn_plan plan = {
		.script = "run",
		.name = service->name,
		.dir_fd = service->dir_fd,
		.lock_fd = service->lock_fd,
		.input_dir_fd = service->input_dir_fd,
		.has_output_pipe = service->has_output_pipe,
		.record = record_start,
		.owner = service,
	};

	return spawn(service->spawner, &plan, spawned);
}

static void refuse_start(struct service *service)
{
	int error = errno;
	int64_t now_ns = loop_now_ns();

	take_step(service, EVENT_START_REFUSED, 0);
	errno = error;
	diag_warn_errno(
		"unable to fork for %s, sleeping %d seconds", service->name,
		(int)((service->machine.start_due_ns - now_ns + 500000000) /
		      1000000000));
}

/* A process that can't be watched is as good as none. */
static int give_up_process(const struct spawned *spawned)
{
	int error = errno;

	kill(spawned->pid, SIGKILL);
	waitpid(spawned->pid, NULL, 0);
	errno = error;
	return -1;
}

static void start_process(struct service *service)
{
	struct timespec before = service->changed_at;
	struct spawned spawned;
	int result;

	if (service->before_start)
		service->before_start(service);
	service->changed_at = tai64n_now();
	service->starts++;
	result = spawn_run(service, &spawned);
	if (result == 0 &&
	    watch_process(service, spawned.pid, spawned.pidfd, true) == -1)
		result = give_up_process(&spawned);
	if (result == -1) {
		service->starts--;
		service->changed_at = before;
		memset(service->published, 0, sizeof(service->published));
		refuse_start(service);
		return;
	}
	service->pid = spawned.pid;
	service->start_ticks = spawned.start_ticks;
	if (spawned.record == RECORD_COMPLETE) {
		pack_status(service, service->pid, service->published);
		service->is_status_broken = false;
		loop_timer_cancel(service->loop, &service->again);
		return;
	}
	memset(service->published, 0, sizeof(service->published));
	publish(service);
}

static void send_signals(struct service *service, const int signals[2])
{
	for (int i = 0; i < 2 && signals[i] != 0; i++)
		loop_process_signal(&service->process, signals[i]);
}

/* ---- carrying out ---- */

static void close_descriptors(struct service *service)
{
	int *const owned[] = {&service->control_fd, &service->ok_fd,
			      &service->lock_fd};

	loop_watch_remove(service->loop, &service->control);
	for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++) {
		if (*owned[i] != -1)
			close(*owned[i]);
		*owned[i] = -1;
	}
}

static void let_go(struct service *service)
{
	service->is_hosted = false;
	loop_timer_cancel(service->loop, &service->timer);
	loop_timer_cancel(service->loop, &service->again);
	close_descriptors(service);
	service->on_gone(service);
}

/* Sends what is on record as due, and puts on record that it was sent. */
static void send_signals_due(struct service *service)
{
	if (service->signals_due[0] == 0)
		return;
	send_signals(service, service->signals_due);
	service->signals_due[0] = service->signals_due[1] = 0;
	publish(service);
}

/*
 * Wishes go on record before they are acted on, and with them the signals that
 * they demand, until those are sent: a supervisor killed at any point in
 * between is followed by one that goes on there.
 */
static void take_step(struct service *service, enum machine_event event,
		      char letter)
{
	struct machine_step step =
		machine_step(&service->machine, event, letter, loop_now_ns());

	if (step.actions & MACHINE_PUBLISH) {
		memcpy(service->signals_due, step.signals,
		       sizeof(step.signals));
		publish(service);
		send_signals_due(service);
	} else if (step.actions & MACHINE_SIGNAL) {
		send_signals(service, step.signals);
	}
	if (step.actions & MACHINE_START)
		start_process(service);
	if (step.actions & MACHINE_TIMER)
		loop_timer_set(service->loop, &service->timer,
			       service->machine.start_due_ns);
	else if (service->machine.phase != MACHINE_WAITING)
		loop_timer_cancel(service->loop, &service->timer);
	if (step.actions & MACHINE_LEAVE)
		let_go(service);
}

static void on_timer(struct loop_timer *timer)
{
	struct service *service = timer->owner;

	stop_if_removed(service);
	if (service->is_hosted)
		take_step(service, EVENT_TIMER, 0);
}

/* ---- commands ---- */

static void read_commands(struct service *service, size_t most)
{
	char letters[COMMANDS_AT_ONCE];
	ssize_t count = 1;

	for (size_t done = 0; done < most && count > 0 && service->is_hosted;
	     done += (size_t)count) {
		count = read(service->control_fd, letters, sizeof(letters));
		if (count == -1)
			return;
		for (ssize_t i = 0; i < count && service->is_hosted; i++)
			take_step(service, EVENT_COMMAND, letters[i]);
	}
}

static void on_control(struct loop_watch *watch)
{
	/* One read; what is left comes with the next round. */
	read_commands(watch->owner, COMMANDS_AT_ONCE);
}

/* ---- taking over ---- */

static bool has_down_file(const struct service *service)
{
	struct stat status;

	return fstatat(service->dir_fd, "down", &status, 0) == 0;
}

/* Whoever is told by "ok" that there is a supervisor also finds a status. */
static void publish_first_status(struct service *service)
{
	struct stat status;

	if (fstatat(service->dir_fd, SUPERVISE_STATUS, &status,
		    AT_SYMLINK_NOFOLLOW) == 0)
		return;
	service->machine = (struct machine){.want = service->is_down_wanted
							    ? MACHINE_WANT_DOWN
							    : MACHINE_WANT_UP};
	service->changed_at = tai64n_now();
	publish_status(service); /* a failure will be told of by publish() */
}

static int make_ok(struct service *service)
{
	return supervise_dir_make_ok(service->dir_fd, service->control_fd,
				     &service->ok_fd);
}

static const struct service_trouble *take_files(struct service *service)
{
	static const struct service_trouble no_down = {"stat", "down"},
					    no_lock = {"acquire",
						       SUPERVISE_LOCK},
					    no_control = {"read",
							  SUPERVISE_CONTROL},
					    no_ok = {"read", SUPERVISE_OK};
	int dir_fd = service->dir_fd;

	service->is_down_wanted = has_down_file(service);
	if (!service->is_down_wanted && errno != ENOENT)
		return &no_down;
	service->is_fresh = supervise_dir_make(dir_fd);
	service->lock_fd = supervise_dir_lock(dir_fd);
	if (service->lock_fd == -1)
		return &no_lock;
	service->control_fd = supervise_dir_open_control(dir_fd);
	if (service->control_fd == -1)
		return &no_control;
	service->control = (struct loop_watch){.fd = service->control_fd,
					       .on_readable = on_control,
					       .owner = service};
	if (loop_watch_add(service->loop, &service->control) == -1)
		return &no_control;
	memset(service->published, 0, sizeof(service->published));
	if (service->is_fresh)
		return NULL; /* service_begin() puts it first on record */
	publish_first_status(service);
	if (make_ok(service) == -1)
		return &no_ok;
	return NULL;
}

const struct service_trouble *service_open(struct service *service)
{
	const struct service_trouble *trouble;

	service->lock_fd = service->control_fd = service->ok_fd = -1;
	service->control.is_added = false;
	trouble = take_files(service);
	if (trouble) {
		int error = errno;

		close_descriptors(service);
		errno = error;
		return trouble;
	}
	service->is_hosted = true;
	service->is_status_broken = false;
	service->timer =
		(struct loop_timer){.on_due = on_timer, .owner = service};
	service->again =
		(struct loop_timer){.on_due = publish_again, .owner = service};
	return NULL;
}

/* The numbers and moments that go on across supervisors. */
static void restore(struct service *service, const struct recall *recall)
{
	service->machine = recall->machine;
	if (service->machine.start_due_ns < service->begin_due_ns)
		service->machine.start_due_ns = service->begin_due_ns;
	service->pid = 0;
	service->start_ticks = 0;
	memset(service->signals_due, 0, sizeof(service->signals_due));
	service->changed_at = recall->changed_at;
	service->starts = recall->starts;
	service->deaths = recall->deaths;
	service->last_end = recall->last_end;
	service->last_end_at = recall->last_end_at;
}

/*
 * Watches the process on record. False: it has ended. When it can't be watched
 * though it lives, the service is let go: another start would make two.
 */
static bool adopt(struct service *service, const struct recall *recall)
{
	if (watch_process(service, recall->pid, -1, false) == -1) {
		if (errno == ESRCH)
			return false;
		if (!service->is_unwatched)
			diag_warn_errno("unable to watch the process of %s",
					service->name);
		service->is_unwatched = true;
		let_go(service);
		return true;
	}
	/* Looked at again, now that its number can't be given away. */
	if (identity_start_ticks(recall->pid) != recall->identity.start_ticks) {
		loop_process_remove(service->loop, &service->process);
		return false;
	}
	service->is_unwatched = false;
	service->pid = recall->pid;
	service->start_ticks = recall->identity.start_ticks;
	memcpy(service->signals_due, recall->signals_due,
	       sizeof(service->signals_due));
	publish(service);
	send_signals_due(service);
	return true;
}

static void recall(struct service *service, struct recall *recall)
{
	if (service->is_fresh)
		recall_nothing(service->is_down_wanted, recall);
	else
		recall_service(service->dir_fd, service->spawner->boot_id,
			       service->is_down_wanted, recall);
}

/* Goes on where the last supervisor was killed, or begins. */
static void go_on(struct service *service)
{
	struct process_end end = {.is_known = false};
	struct recall recalled;

	recall(service, &recalled);
	restore(service, &recalled);
	if (recalled.pid != 0 && adopt(service, &recalled))
		return;
	switch (service->machine.phase) {
	case MACHINE_UP: /* it ended while nobody looked */
		obituaries_find(service->obituaries, recalled.identity.pid,
				recalled.identity.start_ticks, &end);
		end_process(service, end);
		take_step(service, EVENT_EXITED, 0);
		break;
	case MACHINE_WAITING: take_step(service, EVENT_TIMER, 0); break;
	default: take_step(service, EVENT_BEGIN, 0); break;
	}
}

void service_begin(struct service *service)
{
	go_on(service);
	if (service->is_fresh && service->is_hosted && make_ok(service) == -1)
		diag_warn_errno("unable to read %s/" SUPERVISE_OK,
				service->name);
	service->is_fresh = false;
}

void service_stop(struct service *service)
{
	if (service->is_hosted)
		take_step(service, EVENT_STOP, 0);
}

void service_drain(struct service *service)
{
	if (service->is_hosted)
		take_step(service, EVENT_DRAIN, 0);
}

bool service_is_running(const struct service *service)
{
	return service->is_hosted && service->pid != 0;
}

void service_forget(struct service *service)
{
	if (!service->is_hosted)
		return;
	service->is_hosted = false;
	loop_timer_cancel(service->loop, &service->timer);
	loop_timer_cancel(service->loop, &service->again);
	loop_process_remove(service->loop, &service->process);
	close_descriptors(service);
}
