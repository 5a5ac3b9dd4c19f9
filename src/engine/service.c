/* service.c -- see service.h. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/fd.h"
#include "base/tai64n.h"
#include "engine/aside.h"
#include "engine/event.h"
#include "engine/herald.h"
#include "engine/hook.h"
#include "engine/notify.h"
#include "engine/probe.h"
#include "engine/glance.h"
#include "engine/publish.h"
#include "engine/ready.h"
#include "engine/recall.h"
#include "engine/rules.h"
#include "engine/scope.h"
#include "engine/script.h"
#include "engine/service.h"
#include "engine/starter.h"
#include "service/config.h"
#include "service/identity.h"
#include "service/supervise_dir.h"

static void take_step(struct service *service, enum machine_event event,
		      char letter);

/* ---- that it is supervised ---- */

static int make_ok(struct service *service)
{
	return supervise_dir_make_ok(service->dir_fd, service->control_fd,
				     &service->ok_fd);
}

/* Where nothing was on record before, only now something is. */
static void offer_ok(struct service *service)
{
	if (!service->is_fresh || !service->is_hosted ||
	    service->is_start_pending)
		return;
	service->is_fresh = false;
	if (make_ok(service) == -1)
		diag_warn_errno("unable to read %s/" SUPERVISE_OK,
				service->name);
}

/* ---- the process ---- */

/* How it ended is on record now, unless the record is that of a start to come.
 */
static void bury(struct service *service)
{
	if (!service->is_start_pending)
		loop_bury(&service->remains);
}

/* What is on record of the last end is that of the service itself, not of the
 * scripts that tidy up. */
static void end_process(struct service *service, struct process_end end)
{
	enum machine_phase phase = service->machine.phase;

	service->changed_at = tai64n_now();
	notify_end(service, &end);
	if (phase == MACHINE_UP || phase == MACHINE_STARTING) {
		service->last_end = end;
		service->last_end_at = service->changed_at;
	}
	if (phase == MACHINE_UP) {
		scope_remove(service);
		service->last_pid = service->pid;
		service->deaths++;
	}
	service->pid = 0;
	service->start_ticks = 0;
	/* What a hook holds back was not meant for the next. */
	service->signals_due[0] = service->signals_due[1] = 0;
	ready_close(service);
	herald_close(service);
}

/* The running script has ended: what that means, and what follows. */
static void process_ended(struct service *service, struct process_end end)
{
	enum machine_phase phase = service->machine.phase;
	enum machine_event event;

	rules_refresh_after_changes(service);
	end_process(service, end);
	event = rules_judge_end(service, &end);
	event_note_end(service, phase, event == EVENT_FAILED);
	take_step(service, event, 0);
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
	process_ended(service, end);
}

static int watch_process(struct service *service, pid_t pid, int pidfd,
			 bool is_child)
{
	service->process = (struct loop_process){
		.pid = pid,
		.is_child = is_child,
		.remains = &service->remains,
		.on_exit = on_exit_of_process,
		.owner = service,
	};
	return loop_process_add(service->loop, &service->process, pidfd);
}

static void refuse_start(struct service *service)
{
	int error = errno;
	int64_t now_ns = loop_now_ns();
	bool is_tried_again = service->machine.phase == MACHINE_UP ||
			      service->machine.phase == MACHINE_STARTING;

	take_step(service, EVENT_START_REFUSED, 0);
	errno = error;
	if (!is_tried_again) {
		diag_warn_errno("unable to fork for %s, going on without",
				service->name);
		return;
	}
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

/* What follows, once the process has a number. */
static void after_start(struct service *service, const struct spawned *spawned)
{
	service->pid = spawned->pid;
	service->start_ticks = spawned->start_ticks;
	if (spawned->record == RECORD_COMPLETE)
		service->is_fresh = false; /* the process made "ok", too */
	publish_started(service, spawned->record);
	offer_ok(service);
	event_flush(service);
	notify_start(service);
	if (service->machine.phase == MACHINE_UP)
		event_tell(service, "u");
	probe_update(service);
	if (service->gate)
		service->gate->after_step(service);
}

static void after_no_start(struct service *service)
{
	int error = errno;

	service->starts -= service->machine.phase == MACHINE_UP;
	service->changed_at = service->changed_before;
	publish_forget(service);
	errno = error;
	refuse_start(service);
	offer_ok(service);
}

void service_started(struct service *service, const struct spawned *spawned)
{
	service->is_start_pending = false;
	if (spawned->pid != -1 &&
	    (watch_process(service, spawned->pid, spawned->pidfd, true) == 0 ||
	     give_up_process(spawned) == 0))
		after_start(service, spawned);
	else
		after_no_start(service);
	bury(service);
}

/* Whoever can't be heard to be ready can't be late for it. */
static void listen_for_ready(struct service *service, bool is_new)
{
	struct machine *machine = &service->machine;

	if (is_new || !machine->is_ready)
		ready_listen(service, is_new);
	herald_listen(service, is_new);
	if (ready_is_said(service) && !service->ready.is_added &&
	    !service->herald && !machine->is_ending)
		machine->limit_ns = 0;
}

static void start_now(struct service *service)
{
	struct script script;
	struct spawned spawned;

	if (service->before_start)
		service->before_start(service);
	if (service->machine.phase == MACHINE_UP)
		listen_for_ready(service, true);
	service->changed_before = service->changed_at;
	service->changed_at = tai64n_now();
	service->starts += service->machine.phase == MACHINE_UP;
	service->is_start_pending = true;
	if (service->starter) {
		starter_add(service->starter, service);
		return;
	}
	spawned.pid = -1;
	if (script_prepare(service, &script) == 0)
		spawn(service->spawner, 0, &script.plan, &spawned);
	service_started(service, &spawned);
	script_free(&script);
}

static void start_process(struct service *service)
{
	if (service->machine.phase != MACHINE_UP || !hook_holds(service, 'u')) {
		start_now(service);
		return;
	}
	publish(service); /* that it is about to start */
	event_flush(service);
	hook_start(service, 'u');
}

void service_start_on(struct service *service)
{
	if (!service->is_hosted || service->machine.phase != MACHINE_UP ||
	    service->pid != 0 || service->is_start_pending)
		return;
	if (service->machine.is_ending) { /* in the meantime */
		take_step(service, EVENT_START_REFUSED, 0);
		return;
	}
	start_now(service);
}

/* Nothing can be done to a process that has no number yet. */
static void finish_start(struct service *service)
{
	if (service->is_start_pending)
		starter_flush(service->starter);
}

/* To the process, or to all of its group, which it leads. */
static void send_signal(struct service *service, int number, bool is_to_group)
{
	if (number == SIGKILL && scope_kill(service))
		return;
	/* As long as the leader can be asked for, the group has its number. */
	if (is_to_group && loop_process_signal(&service->process, 0) == 0 &&
	    kill(-service->pid, number) == 0)
		return;
	loop_process_signal(&service->process, number);
}

static void send_signals(struct service *service, const int signals[2],
			 bool is_to_group)
{
	bool is_group = is_to_group ||
			rules_of(service)->kill_scope != CONFIG_SCOPE_PROCESS;

	for (int i = 0; i < 2 && signals[i] != 0; i++)
		send_signal(service, signals[i], is_group);
}

/* ---- carrying out ---- */

static void close_descriptors(struct service *service)
{
	int *const owned[] = {&service->control_fd, &service->ok_fd,
			      &service->lock_fd};

	loop_watch_remove(service->loop, &service->control);
	ready_close(service);
	herald_close(service);
	for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++) {
		if (*owned[i] != -1)
			close(*owned[i]);
		*owned[i] = -1;
	}
}

/* They are on record now, and the next supervisor needn't see them. */
static void take_commands_out(struct service *service)
{
	if (service->control_left > 0 && service->control_fd != -1)
		glance_take(service->control_fd, service->control_left);
	service->control_left = 0;
}

static void let_go(struct service *service)
{
	take_commands_out(service);
	service->is_hosted = false;
	event_tell(service, "x");
	aside_forget_all(service);
	loop_timer_cancel(service->loop, &service->timer);
	loop_timer_cancel(service->loop, &service->again);
	loop_timer_cancel(service->loop, &service->probe);
	close_descriptors(service);
	rules_forget(service);
	bury(service);
	service->on_gone(service);
}

/* Sends what is on record as due, and puts on record that it was sent. */
static void send_signals_due(struct service *service)
{
	if (service->signals_due[0] == 0)
		return;
	send_signals(service, service->signals_due, service->is_due_to_group);
	service->signals_due[0] = service->signals_due[1] = 0;
	/* In an orderly stop the end is put on record soon; until then it would
	 * only be told to end once more. */
	if (!service->machine.is_leaving)
		publish(service);
}

void service_hooked(struct service *service, bool is_done)
{
	if (!service->is_hosted || service->signals_due[0] == 0)
		return;
	if (is_done) {
		service->signals_due[0] = service->signals_due[1];
		service->signals_due[1] = 0;
		service->machine.is_term_sent = service->was_term_sent;
		service->is_due_to_group = false;
	}
	if (service->signals_due[0] == 0)
		publish(service);
	send_signals_due(service);
}

static void remove_down_file(struct service *service)
{
	if (unlinkat(service->dir_fd, "down", 0) == -1 && errno != ENOENT)
		diag_warn_errno("unable to remove %s/down", service->name);
}

static void make_down_file(struct service *service)
{
	int fd = openat(
		service->dir_fd, "down",
		O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);

	if (fd == -1)
		diag_warn_errno("unable to make %s/down", service->name);
	else
		close(fd);
}

/* The file that says what is wished for after a reboot: brings about what is on
 * record as due. True: there was something, and it is to be put on record. */
static bool change_down_file(struct service *service)
{
	enum control_down_file due = service->down_file_due;

	if (due == CONTROL_DOWN_REMOVED)
		remove_down_file(service);
	else if (due == CONTROL_DOWN_MADE)
		make_down_file(service);
	service->down_file_due = CONTROL_DOWN_LEFT;
	return due != CONTROL_DOWN_LEFT;
}

static enum control_down_file down_file_of(unsigned actions)
{
	if (actions & MACHINE_MAKE_DOWN)
		return CONTROL_DOWN_MADE;
	return actions & MACHINE_REMOVE_DOWN ? CONTROL_DOWN_REMOVED
					     : CONTROL_DOWN_LEFT;
}

static void set_timers(struct service *service)
{
	int64_t due_ns = machine_due_ns(&service->machine);

	if (due_ns == 0)
		loop_timer_cancel(service->loop, &service->timer);
	else if (!service->timer.is_set || service->timer.due_ns != due_ns)
		loop_timer_set(service->loop, &service->timer, due_ns);
	probe_update(service);
}

/* The command whose hook holds back what the step sends; 0: none does. */
static char hook_of_step(const struct service *service,
			 const struct machine_step *step,
			 enum machine_event event, char letter)
{
	if (!(step->actions & MACHINE_SIGNAL))
		return 0;
	letter = event == EVENT_COMMAND ? letter
		 : event == EVENT_STOP  ? 'x'
					: 0;
	return letter != 0 && hook_holds(service, letter) ? letter : 0;
}

/*
 * Wishes go on record before they are acted on, and with them the signals and
 * the file that they demand, until that is done: a supervisor killed at any
 * point in between is followed by one that goes on there.
 */
static void put_on_record(struct service *service, enum machine_event event,
			  const struct machine_step *step, char hook)
{
	bool is_awaited = hook_is_awaited(service);

	if (hook == 0 && !(step->actions & MACHINE_PUBLISH)) {
		if (step->actions & MACHINE_SIGNAL)
			send_signals(service, step->signals, step->is_to_group);
		return;
	}
	if (!is_awaited) { /* else there are those that its hook holds back */
		memcpy(service->signals_due, step->signals,
		       sizeof(step->signals));
		service->is_due_to_group = step->is_to_group;
	}
	service->down_file_due = down_file_of(step->actions);
	if (event == EVENT_STOP && step->signals[0] != 0)
		publish_wish(service);
	else
		publish(service);
	if (change_down_file(service))
		publish(service);
	if (is_awaited)
		send_signals(service, step->signals, step->is_to_group);
	else if (hook != 0)
		hook_start(service, hook);
	else
		send_signals_due(service);
}

/* What it failed at by itself, that is, while it was wanted. */
static void tell_of_giving_up(struct service *service, enum machine_event event,
			      enum machine_want before)
{
	const struct giving_up *rule = &rules_of(service)->giving_up;

	if ((event == EVENT_FAILED || event == EVENT_TIMER) &&
	    service->machine.is_failed && before != MACHINE_WANT_DOWN &&
	    service->machine.want == MACHINE_WANT_DOWN && rule->is_shutdown &&
	    service->on_giving_up)
		service->on_giving_up(service, rule->code);
}

static void take_step(struct service *service, enum machine_event event,
		      char letter)
{
	enum machine_want want = service->machine.want;
	bool was_ready = service->machine.is_ready;
	bool was_term_sent = service->machine.is_term_sent;
	struct machine_step step;
	char hook;

	finish_start(service);
	if (!service->is_hosted)
		return;
	if (service->gate)
		service->gate->before_step(service);
	step = machine_step(&service->machine, event, letter, loop_now_ns());
	step.is_to_group |= event == EVENT_COMMAND && service->is_for_group;
	hook = hook_of_step(service, &step, event, letter);
	tell_of_giving_up(service, event, want);
	if (service->machine.is_ready && !was_ready)
		service->ready_at = tai64n_now();
	if (hook != 0)
		service->was_term_sent = was_term_sent;
	put_on_record(service, event, &step, hook);
	if (!(step.actions & MACHINE_START)) /* else that is yet to come */
		event_flush(service);
	if (service->machine.is_ready && !was_ready)
		event_tell(service, "U");
	if (step.actions & MACHINE_START)
		start_process(service);
	set_timers(service);
	if (step.actions & MACHINE_LEAVE)
		let_go(service);
	bury(service);
	if (service->gate)
		service->gate->after_step(service);
}

static void on_timer(struct loop_timer *timer)
{
	struct service *service = timer->owner;

	stop_if_removed(service);
	if (!service->is_hosted)
		return;
	if (service->machine.phase == MACHINE_WAITING)
		rules_refresh(service);
	take_step(service, EVENT_TIMER, 0);
}

/* ---- commands ---- */

static void obey(struct service *service, char letter)
{
	if (service->machine.phase == MACHINE_DOWN)
		rules_refresh(service); /* it may be about to start */
	if (letter == 'u' || letter == 'U' || letter == 'o')
		policy_forgive(&service->memory);
	take_step(service, EVENT_COMMAND, letter);
}

/* Where bytes had to be read one by one, whether another is there. */
static bool is_more(const struct service *service, size_t count)
{
	struct pollfd look = {.fd = service->control_fd, .events = POLLIN};

	return count == 1 && service->control_left == 0 &&
	       hook_is_possible(service) && poll(&look, 1, 0) == 1;
}

/* 'l' commands a reload unless it says whom others are for: ahead of more
 * letters, or in a directory of encore, which has no reload. */
static bool is_for_service(const struct service *service, const char *letters,
			   size_t i, size_t count, bool has_logger)
{
	if (letters[i] != CONTROL_FOR_SERVICE)
		return false;
	if (rules_of(service)->dialect == CONFIG_ENCORE)
		return true;
	return (i == 0 || has_logger) &&
	       (i + 1 < count || is_more(service, count));
}

static void obey_for(struct service *target, char letter, bool is_for_group)
{
	bool was_for_group = target->is_for_group;

	target->is_for_group = is_for_group;
	obey(target, letter);
	target->is_for_group = was_for_group;
}

/*
 * One write of a client, as far as that can be told; up to a command whose hook
 * runs then. How many were obeyed.
 */
static size_t obey_all(struct service *service, const char *letters,
		       size_t count)
{
	size_t i;

	for (i = 0; i < count && service->is_hosted; i++) {
		bool has_logger = service->is_for_logger && service->logger_of;
		struct service *target =
			has_logger ? service->logger_of(service) : service;

		if (letters[i] == CONTROL_FOR_LOGGER && service->logger_of)
			service->is_for_logger = true;
		else if (is_for_service(service, letters, i, count, has_logger))
			service->is_for_logger = false;
		else if (letters[i] == CONTROL_FOR_GROUP ||
			 letters[i] == CONTROL_FOR_PROCESS)
			service->is_for_group = letters[i] == CONTROL_FOR_GROUP;
		else if (target && target->is_hosted)
			obey_for(target, letters[i], service->is_for_group);
		/* What can't be left there is obeyed all the same. */
		if (hook_is_awaited(service) && service->control_left > 0)
			return i + 1;
	}
	return i;
}

static void read_commands(struct service *service, size_t most)
{
	char letters[COMMANDS_AT_ONCE];
	size_t blindly = hook_is_possible(service) ? 1 : sizeof(letters);
	ssize_t count = 1;

	for (size_t done = 0; done < most && count > 0 && service->is_hosted &&
			      !hook_is_awaited(service);
	     done += (size_t)count) {
		size_t obeyed = 0;
		bool is_all;

		count = glance(service->control_fd, letters, sizeof(letters),
			       blindly, &service->control_left);
		is_all = service->control_left > 0 || blindly > 1;
		if (count > 0)
			obeyed = obey_all(service, letters, (size_t)count);
		if (service->control_left > obeyed)
			service->control_left = obeyed;
		take_commands_out(service);
		if (count <= 0 || (is_all && obeyed == (size_t)count))
			service->is_for_logger = service->is_for_group = false;
	}
}

static void on_control(struct loop_watch *watch)
{
	/* One read; what is left comes with the next round. */
	read_commands(watch->owner, COMMANDS_AT_ONCE);
}

void service_listen(struct service *service)
{
	if (hook_is_awaited(service))
		loop_watch_remove(service->loop, &service->control);
	else if (service->is_hosted && !service->control.is_added &&
		 loop_watch_add(service->loop, &service->control) == -1)
		diag_warn_errno("unable to watch %s/" SUPERVISE_CONTROL,
				service->name);
}

/* ---- taking over ---- */

/* A link that leads nowhere is no file; one that can't be followed is trouble.
 */
static int look_for_down(struct service *service)
{
	struct stat status;

	if (!service->is_down_wanted ||
	    fstatat(service->dir_fd, "down", &status, 0) == 0)
		return 0;
	service->is_down_wanted = false;
	return errno == ENOENT ? 0 : -1;
}

static const struct service_trouble *take_files(struct service *service)
{
	static const struct service_trouble no_names = {"list", "."},
					    no_down = {"stat", "down"},
					    no_lock = {"acquire",
						       SUPERVISE_LOCK},
					    no_control = {"read",
							  SUPERVISE_CONTROL},
					    no_ok = {"read", SUPERVISE_OK};
	int dir_fd = service->dir_fd;

	if (rules_refresh(service) == -1)
		return &no_names;
	if (look_for_down(service) == -1)
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
	publish_begin(service);
	if (service->is_fresh)
		return NULL; /* service_begin() puts it first on record */
	service->machine = (struct machine){.rules = service->machine.rules,
					    .want = service->is_down_wanted
							    ? MACHINE_WANT_DOWN
							    : MACHINE_WANT_UP};
	publish_first_status(service);
	if (make_ok(service) == -1)
		return &no_ok;
	return NULL;
}

const struct service_trouble *service_open(struct service *service)
{
	const struct service_trouble *trouble;

	service->lock_fd = service->control_fd = service->ok_fd = -1;
	service->remains.pidfd = -1;
	service->control.is_added = service->ready.is_added = false;
	service->asides = NULL;
	service->hook = 0;
	service->checked_pid = 0;
	service->herald = NULL;
	service->events_due[0] = '\0';
	service->probe.is_set = false;
	service->is_for_logger = service->is_for_group = false;
	trouble = take_files(service);
	if (trouble) {
		int error = errno;

		close_descriptors(service);
		errno = error;
		return trouble;
	}
	service->is_hosted = true;
	service->timer =
		(struct loop_timer){.on_due = on_timer, .owner = service};
	return NULL;
}

/* The numbers and moments that go on across supervisors. */
static void restore(struct service *service, const struct recall *recall)
{
	const struct machine_rules rules = service->machine.rules;

	service->machine = recall->machine;
	service->machine.rules = rules;
	machine_mend(&service->machine, loop_now_ns());
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
	service->ready_at = recall->ready_at;
	service->down_file_due = recall->down_file_due;
	service->last_pid = recall->last_pid;
	service->memory = recall->memory;
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
	service->is_due_to_group = recall->is_due_to_group;
	if (service->machine.phase == MACHINE_UP) {
		listen_for_ready(service, false);
		herald_restore(service, recall->status_text,
			       recall->is_stopping);
	}
	publish(service);
	send_signals_due(service);
	set_timers(service);
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

/* The script that was on record ended while nobody looked. */
static void process_ended_unseen(struct service *service,
				 const struct identity *identity)
{
	struct process_end end = {.is_known = false};

	obituaries_find(service->obituaries, identity->pid,
			identity->start_ticks, &end);
	service->pid = (pid_t)identity->pid;
	if (service->machine.phase == MACHINE_STARTING && !end.is_known) {
		/* Whether "start" succeeded nobody knows: once more. */
		end_process(service, end);
		service->machine.phase = MACHINE_WAITING;
		take_step(service, EVENT_TIMER, 0);
		return;
	}
	process_ended(service, end);
}

/* Goes on where the last supervisor was killed, or begins. */
static void go_on(struct service *service)
{
	struct recall recalled;
	enum machine_phase phase;

	recall(service, &recalled);
	restore(service, &recalled);
	change_down_file(service); /* whatever comes next puts it on record */
	phase = service->machine.phase;
	if (recalled.pid != 0 && adopt(service, &recalled))
		return;
	if (machine_has_process(phase) && recalled.identity.pid != 0)
		process_ended_unseen(service, &recalled.identity);
	else if (machine_has_process(phase)) /* see recall.c */
		take_step(service, EVENT_EXITED, 0);
	else if (phase == MACHINE_WAITING)
		take_step(service, EVENT_TIMER, 0);
	else
		take_step(service, EVENT_BEGIN, 0);
}

void service_begin(struct service *service)
{
	event_tell(service, "s");
	go_on(service);
	offer_ok(service);
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

void service_obey(struct service *service, char letter)
{
	if (service->is_hosted)
		obey(service, letter);
}

void service_release(struct service *service)
{
	if (service->is_hosted)
		take_step(service, EVENT_RELEASED, 0);
}

void service_yield(struct service *service)
{
	if (service->is_hosted)
		take_step(service, EVENT_YIELD, 0);
}

void service_ready(struct service *service)
{
	if (service->is_hosted)
		take_step(service, EVENT_READY, 0);
}

bool service_is_running(const struct service *service)
{
	return service->is_hosted &&
	       (service->pid != 0 || service->is_start_pending);
}

void service_forget(struct service *service)
{
	finish_start(service);
	if (!service->is_hosted)
		return;
	service->is_hosted = false;
	aside_forget_all(service);
	loop_timer_cancel(service->loop, &service->timer);
	loop_timer_cancel(service->loop, &service->again);
	loop_timer_cancel(service->loop, &service->probe);
	loop_process_remove(service->loop, &service->process);
	close_descriptors(service);
	bury(service);
	rules_forget(service);
}
