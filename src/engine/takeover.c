/* takeover.c -- see takeover.h. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "engine/event.h"
#include "engine/herald.h"
#include "engine/orders.h"
#include "engine/process.h"
#include "engine/publish.h"
#include "engine/ready.h"
#include "engine/recall.h"
#include "engine/rules.h"
#include "engine/step.h"
#include "engine/takeover.h"
#include "service/identity.h"
#include "service/supervise_dir.h"

static int make_ok(struct service *service)
{
	return supervise_dir_make_ok(service->site.dir_fd, service->control_fd,
				     &service->ok_fd);
}

void takeover_offer_ok(struct service *service)
{
	if (!service->is_fresh || !service->site.is_hosted ||
	    service->is_start_pending)
		return;
	service->is_fresh = false;
	if (make_ok(service) == -1)
		diag_warn_errno("unable to read %s/" SUPERVISE_OK,
				service->site.name);
}

void takeover_renew_ok(struct service *service)
{
	int before_fd = service->ok_fd;

	if (service->is_fresh || !service->site.is_hosted)
		return;
	if (make_ok(service) == -1)
		diag_warn_errno("unable to read %s/" SUPERVISE_OK,
				service->site.name);
	if (before_fd != -1)
		close(before_fd);
}

/* A link that leads nowhere is no file; one that can't be followed is trouble.
 */
static int look_for_down(struct service *service)
{
	struct stat status;

	if (!service->site.is_down_wanted ||
	    fstatat(service->site.dir_fd, "down", &status, 0) == 0)
		return 0;
	service->site.is_down_wanted = false;
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
	int dir_fd = service->site.dir_fd;

	if (rules_refresh(service) == -1)
		return &no_names;
	if (look_for_down(service) == -1)
		return &no_down;
	service->is_fresh = supervise_dir_make(dir_fd);
	service->site.lock_fd = supervise_dir_lock(dir_fd);
	if (service->site.lock_fd == -1)
		return &no_lock;
	service->control_fd = supervise_dir_open_control(dir_fd);
	if (service->control_fd == -1)
		return &no_control;
	service->control =
		(struct loop_watch){.fd = service->control_fd,
				    .on_readable = orders_on_readable,
				    .owner = service};
	if (loop_watch_add(service->site.loop, &service->control) == -1)
		return &no_control;
	publish_begin(service);
	if (service->is_fresh)
		return NULL; /* service_begin() puts it first on record */
	service->standing.machine = (struct machine){
		.rules = service->standing.machine.rules,
		.want = service->site.is_down_wanted ? MACHINE_WANT_DOWN
						     : MACHINE_WANT_UP};
	publish_first_status(service);
	if (make_ok(service) == -1)
		return &no_ok;
	return NULL;
}

const struct service_trouble *service_open(struct service *service)
{
	const struct service_trouble *trouble;

	service->site.lock_fd = service->control_fd = service->ok_fd = -1;
	service->remains.pidfd = -1;
	service->control.is_added = service->ready.is_added = false;
	service->asides = NULL;
	service->hook = 0;
	service->checked_pid = 0;
	service->herald = NULL;
	service->events_due[0] = '\0';
	service->probe.is_set = false;
	service->is_for_logger = service->is_for_group = false;
	service->standing.is_rest_for_group = false;
	trouble = take_files(service);
	if (trouble) {
		int error = errno;

		service_close(service);
		errno = error;
		return trouble;
	}
	service->site.is_hosted = true;
	service->timer = (struct loop_timer){.on_due = service_on_timer,
					     .owner = service};
	return NULL;
}

/* The numbers and moments that go on across supervisors. */
static void restore(struct service *service, const struct recall *recall)
{
	struct standing *standing = &service->standing;
	const struct machine_rules rules = standing->machine.rules;

	*standing = recall->standing;
	standing->machine.rules = rules;
	machine_mend(&standing->machine, loop_now_ns());
	if (standing->machine.start_due_ns < service->begin_due_ns)
		standing->machine.start_due_ns = service->begin_due_ns;
	/* There is a process once it is adopted, and so is what is due to it.
	 */
	standing->pid = 0;
	memset(standing->signals_due, 0, sizeof(standing->signals_due));
	orders_go_on(service, recall->standing.is_rest_for_group);
}

/*
 * Watches the process on record. False: it has ended. When it can't be watched
 * though it lives, the service is let go: another start would make two.
 */
static bool adopt(struct service *service, const struct recall *recall)
{
	bool was_missed;

	if (process_watch(service, recall->standing.pid, -1, false) == -1) {
		if (errno == ESRCH)
			return false;
		if (!service->is_unwatched)
			diag_warn_errno("unable to watch the process of %s",
					service->site.name);
		service->is_unwatched = true;
		service_let_go(service);
		return true;
	}
	/* Looked at again, now that its number can't be given away. */
	if (identity_start_ticks(recall->standing.pid) !=
	    recall->identity.start_ticks) {
		loop_process_remove(service->site.loop, &service->process);
		return false;
	}
	service->is_unwatched = false;
	service->standing.pid = recall->standing.pid;
	service->standing.start_ticks = recall->identity.start_ticks;
	memcpy(service->standing.signals_due, recall->standing.signals_due,
	       sizeof(service->standing.signals_due));
	service->standing.is_due_to_group = recall->standing.is_due_to_group;
	was_missed = service->standing.machine.phase == MACHINE_UP &&
		     !service->standing.machine.is_ready &&
		     ready_was_missed(service);
	if (service->standing.machine.phase == MACHINE_UP) {
		process_listen(service, false);
		herald_restore(service, recall->status_text,
			       recall->is_stopping);
	}
	publish(service);
	service_send_due(service);
	service_set_timers(service);
	if (was_missed)
		service_step(service, EVENT_READY, 0);
	return true;
}

static void recall(struct service *service, struct recall *recall)
{
	if (service->is_fresh)
		recall_nothing(service->site.is_down_wanted, recall);
	else
		recall_service(service->site.dir_fd,
			       service->site.spawner->boot_id,
			       service->site.is_down_wanted, recall);
}

/* The script that was on record ended while nobody looked. */
static void process_ended_unseen(struct service *service,
				 const struct identity *identity)
{
	struct process_end end = {.is_known = false};

	obituaries_find(service->obituaries, identity->pid,
			identity->start_ticks, &end);
	service->standing.pid = (pid_t)identity->pid;
	if (service->standing.machine.phase == MACHINE_STARTING &&
	    !end.is_known) {
		/* Whether "start" succeeded nobody knows: once more. */
		process_note_end(service, end);
		service->standing.machine.phase = MACHINE_WAITING;
		service_step(service, EVENT_TIMER, 0);
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
	service_change_down_file(
		service); /* whatever comes next puts it on record */
	phase = service->standing.machine.phase;
	if (recalled.standing.pid != 0 && adopt(service, &recalled))
		return;
	if (machine_has_process(phase) && recalled.identity.pid != 0)
		process_ended_unseen(service, &recalled.identity);
	else if (machine_has_process(phase)) /* see recall.c */
		service_step(service, EVENT_EXITED, 0);
	else if (phase == MACHINE_WAITING)
		service_step(service, EVENT_TIMER, 0);
	else
		service_step(service, EVENT_BEGIN, 0);
}

void service_begin(struct service *service)
{
	event_tell(service, "s");
	go_on(service);
	takeover_offer_ok(service);
}
