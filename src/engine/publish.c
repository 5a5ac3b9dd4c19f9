/* publish.c -- see publish.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/fd.h"
#include "base/tai64n.h"
#include "engine/herald.h"
#include "engine/plain.h"
#include "engine/publish.h"
#include "service/supervise_dir.h"

/* With the next change, or after this time, what couldn't be written is. */
#define PUBLISH_AGAIN_NS INT64_C(5000000000)
#define PUBLISH_SOON_NS  INT64_C(500000000)

static void fill_last_end(const struct service *service, struct state *state)
{
	const struct process_end *end = &service->standing.last_end;

	if (service->standing.last_end_at.tv_sec == 0)
		return;
	snprintf(state->last_end, sizeof(state->last_end), "%s",
		 !end->is_known       ? "unknown"
		 : end->signal_number ? "signal"
				      : "exit");
	state->last_number =
		end->signal_number ? end->signal_number : end->exit_code;
	state->has_dumped = end->has_dumped;
	tai64n_format(service->standing.last_end_at, state->last_end_at);
}

static void fill_waits_for(const struct service *service, struct state *state)
{
	const char *name = NULL;

	if (service->gate && service->standing.machine.phase == MACHINE_WAITING)
		name = service->gate->waits_for(service);
	if (name)
		snprintf(state->waits_for, sizeof(state->waits_for), "%s",
			 name);
}

static void fill_state(const struct service *service, struct state *state)
{
	memset(state, 0, sizeof(*state));
	state->version = STATE_VERSION;
	memcpy(state->boot_id, service->site.spawner->boot_id,
	       sizeof(state->boot_id));
	state->is_hosted = service->standing.machine.phase != MACHINE_GONE;
	state_from_machine(state, &service->standing.machine);
	fill_waits_for(service, state);
	state->pid = service->standing.pid;
	state->start_ticks = service->standing.start_ticks;
	tai64n_format(service->standing.changed_at, state->changed_at);
	if (service->standing.machine.is_ready)
		tai64n_format(service->standing.ready_at, state->ready_at);
	state->starts = service->standing.starts;
	state->deaths = service->standing.deaths;
	snprintf(state->status_text, sizeof(state->status_text), "%s",
		 herald_text(service));
	state->is_stopping = herald_is_stopping(service);
	state->last_pid = service->standing.last_pid;
	state->memory = service->standing.memory;
	state->signal_due = service->standing.signals_due[0];
	if (service->standing.is_due_to_group)
		state->signal_due = -state->signal_due;
	state->next_signal_due = service->standing.signals_due[1];
	state->is_rest_for_group = service->standing.is_rest_for_group;
	state->down_file_due = service->standing.down_file_due;
	fill_last_end(service, state);
}

/* Also where somebody removed the directory, which may come back by itself. */
static int replace_file(int dir_fd, const char *name, const void *bytes,
			size_t count)
{
	int error;

	if (fd_replace_file(dir_fd, name, bytes, count, 0644) == 0)
		return 0;
	error = errno;
	/* The file may be ours though the directory isn't. */
	if (error == EACCES && fd_rewrite_file(dir_fd, name, bytes, count) == 0)
		return 0;
	errno = error;
	if (error != ENOENT)
		return -1;
	supervise_dir_make(dir_fd);
	return fd_replace_file(dir_fd, name, bytes, count, 0644);
}

static enum status_activity activity_of(enum machine_phase phase)
{
	if (phase == MACHINE_FINISHING || phase == MACHINE_STOPPING)
		return STATUS_FINISH;
	return machine_has_process(phase) ? STATUS_RUN : STATUS_DOWN;
}

static void pack_status(const struct service *service, pid_t pid,
			unsigned char record[STATUS_SIZE])
{
	const struct status status = {
		.changed_at = service->standing.changed_at,
		.run_pid = (uint32_t)pid,
		.is_paused = service->standing.machine.is_paused,
		.wanted = (char)service->standing.machine.want,
		.is_term_sent = service->standing.machine.is_term_sent,
		.activity = activity_of(service->standing.machine.phase),
	};

	status_pack(&status, record);
}

static int publish_status(struct service *service)
{
	unsigned char record[STATUS_SIZE];

	pack_status(service, service->standing.pid, record);
	if (memcmp(record, service->published, STATUS_SIZE) == 0)
		return 0;
	if (replace_file(service->site.dir_fd, SUPERVISE_STATUS, record,
			 STATUS_SIZE) == -1)
		return -1;
	memcpy(service->published, record, STATUS_SIZE);
	return 0;
}

/* Unless something else is told by then. */
static void publish_later(struct service *service, int64_t span_ns)
{
	loop_timer_set(service->site.loop, &service->again,
		       loop_now_ns() + span_ns);
}

static int write_state(int dir_fd, const struct state *state)
{
	char text[STATE_SIZE_MAX];
	size_t len = state_format(state, text);

	return replace_file(dir_fd, SUPERVISE_STATE, text, len);
}

void publish(struct service *service)
{
	struct state state;
	const char *broken = NULL;
	int error = 0;

	fill_state(service, &state);
	if (write_state(service->site.dir_fd, &state) == -1) {
		broken = SUPERVISE_STATE;
		error = errno;
	}
	if (publish_status(service) == -1 && !broken) {
		broken = SUPERVISE_STATUS;
		error = errno;
	}
	if (plain_publish(service) == -1 && !broken) {
		broken = SUPERVISE_DIR "/stat";
		error = errno;
	}
	errno = error;
	if (broken && !service->is_status_broken)
		diag_warn_errno("unable to write %s/%s.new", service->site.name,
				broken);
	service->is_status_broken = broken != NULL;
	if (broken)
		publish_later(service, PUBLISH_AGAIN_NS);
	else
		loop_timer_cancel(service->site.loop, &service->again);
}

void publish_soon(struct service *service)
{
	if (!service->again.is_set)
		publish_later(service, PUBLISH_SOON_NS);
}

void publish_wish(struct service *service)
{
	struct state state;

	fill_state(service, &state);
	if (write_state(service->site.dir_fd, &state) == 0)
		publish_soon(service);
	else
		publish(service); /* which says what is wrong */
}

static void publish_again(struct loop_timer *timer)
{
	struct service *service = timer->owner;

	if (!service->is_start_pending) /* then it comes all the same */
		publish(service);
}

void publish_begin(struct service *service)
{
	service->is_status_broken = false;
	service->again =
		(struct loop_timer){.on_due = publish_again, .owner = service};
	publish_forget(service);
}

void publish_first_status(struct service *service)
{
	struct stat status;

	if (fstatat(service->site.dir_fd, SUPERVISE_STATUS, &status,
		    AT_SYMLINK_NOFOLLOW) == 0)
		return;
	service->standing.changed_at = tai64n_now();
	publish_status(service); /* a failure will be told of by publish() */
}

enum record_result publish_in_child(const void *owner,
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
	/* Whoever sees that it runs is right to think that it is supervised. */
	if (service->is_fresh && linkat(AT_FDCWD, SUPERVISE_CONTROL, AT_FDCWD,
					SUPERVISE_OK, 0) == -1)
		return RECORD_PARTIAL;
	return RECORD_COMPLETE;
}

void publish_started(struct service *service, enum record_result result)
{
	if (result == RECORD_COMPLETE && plain_publish(service) == 0) {
		pack_status(service, service->standing.pid, service->published);
		service->is_status_broken = false;
		loop_timer_cancel(service->site.loop, &service->again);
		return;
	}
	publish_forget(service);
	publish(service);
}

void publish_forget(struct service *service)
{
	memset(service->published, 0, sizeof(service->published));
	service->plain_sum = 0;
}
