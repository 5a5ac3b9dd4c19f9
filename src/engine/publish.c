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
#include "service/state.h"
#include "service/supervise_dir.h"

/* With the next change, or after this time, what couldn't be written is. */
#define PUBLISH_AGAIN_NS INT64_C(5000000000)
#define PUBLISH_SOON_NS  INT64_C(500000000)

static void fill_last_end(const struct standing *standing, struct state *state)
{
	const struct process_end *end = &standing->last_end;

	if (standing->last_end_at.tv_sec == 0)
		return;
	snprintf(state->last_end, sizeof(state->last_end), "%s",
		 !end->is_known       ? "unknown"
		 : end->signal_number ? "signal"
				      : "exit");
	state->last_number =
		end->signal_number ? end->signal_number : end->exit_code;
	state->has_dumped = end->has_dumped;
	state->was_starved = end->was_starved;
	tai64n_format(standing->last_end_at, state->last_end_at);
}

static void fill_state(const struct news *news, struct state *state)
{
	const struct standing *standing = news->site->standing;

	memset(state, 0, sizeof(*state));
	state->version = STATE_VERSION;
	state->era = news->site->spawner->eras.own;
	state->is_hosted = standing->machine.phase != MACHINE_GONE;
	state_from_machine(state, &standing->machine);
	snprintf(state->waits_for, sizeof(state->waits_for), "%s",
		 news->waits_for ? news->waits_for : "");
	state->pid = standing->pid;
	state->start_ticks = standing->start_ticks;
	tai64n_format(standing->changed.at, state->changed_at);
	state->changed_up_ns = standing->changed.up_ns;
	if (standing->machine.is_ready)
		tai64n_format(standing->ready_at, state->ready_at);
	state->was_ready = standing->was_ready;
	state->starts = standing->starts;
	state->deaths = standing->deaths;
	snprintf(state->status_text, sizeof(state->status_text), "%s",
		 herald_text(news->herald));
	state->is_stopping = herald_is_stopping(news->herald);
	state->last_pid = standing->last_pid;
	state->memory = standing->memory;
	state->signal_due = standing->signals_due[0];
	if (standing->is_due_to_group)
		state->signal_due = -state->signal_due;
	state->next_signal_due = standing->signals_due[1];
	state->is_rest_for_group = standing->is_rest_for_group;
	state->down_file_due = standing->down_file_due;
	fill_last_end(standing, state);
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

static void pack_status(const struct standing *standing, pid_t pid,
			unsigned char record[STATUS_SIZE])
{
	const struct status status = {
		.changed_at = standing->changed.at,
		.run_pid = (uint32_t)pid,
		.is_paused = standing->machine.is_paused,
		.wanted = (char)standing->machine.want,
		.is_term_sent = standing->machine.is_term_sent,
		.activity = activity_of(standing->machine.phase),
	};

	status_pack(&status, record);
}

static int publish_status(struct publisher *publisher, const struct site *site)
{
	unsigned char record[STATUS_SIZE];

	pack_status(site->standing, site->standing->pid, record);
	if (memcmp(record, publisher->status, STATUS_SIZE) == 0)
		return 0;
	if (replace_file(site->state_fd, SUPERVISE_STATUS, record,
			 STATUS_SIZE) == -1)
		return -1;
	memcpy(publisher->status, record, STATUS_SIZE);
	return 0;
}

/* Unless something else is told by then. */
static void publish_later(struct publisher *publisher, const struct site *site,
			  int64_t span_ns)
{
	loop_timer_set(site->loop, &publisher->again, loop_now_ns() + span_ns);
}

static int write_state(int dir_fd, const struct state *state)
{
	char text[STATE_SIZE_MAX];
	size_t len = state_format(state, text);

	return replace_file(dir_fd, SUPERVISE_STATE, text, len);
}

void publish(struct publisher *publisher, const struct news *news)
{
	const struct site *site = news->site;
	struct state state;
	const char *broken = NULL;
	int error = 0;

	fill_state(news, &state);
	if (write_state(site->state_fd, &state) == -1) {
		broken = SUPERVISE_STATE;
		error = errno;
	}
	if (publish_status(publisher, site) == -1 && !broken) {
		broken = SUPERVISE_STATUS;
		error = errno;
	}
	if (plain_publish(site, site->standing, &publisher->plain_sum) == -1 &&
	    !broken) {
		broken = SUPERVISE_DIR "/stat";
		error = errno;
	}
	errno = error;
	if (broken && !publisher->is_broken)
		diag_warn_errno("unable to write %s/%s.new", site->name,
				broken);
	publisher->is_broken = broken != NULL;
	if (broken)
		publish_later(publisher, site, PUBLISH_AGAIN_NS);
	else
		loop_timer_cancel(site->loop, &publisher->again);
}

void publish_soon(struct publisher *publisher, const struct site *site)
{
	if (!publisher->again.is_set)
		publish_later(publisher, site, PUBLISH_SOON_NS);
}

void publish_wish(struct publisher *publisher, const struct news *news)
{
	const struct site *site = news->site;
	struct state state;

	fill_state(news, &state);
	if (write_state(site->state_fd, &state) == 0)
		publish_soon(publisher, site);
	else
		publish(publisher, news); /* which says what is wrong */
}

static void on_due(struct loop_timer *timer)
{
	struct site *site = timer->owner;

	site->tell(site, &(struct happening){.kind = HAPPENED_DELAY});
}

void publish_begin(struct publisher *publisher, struct site *site)
{
	publisher->is_broken = false;
	publisher->again = (struct loop_timer){.on_due = on_due, .owner = site};
	publish_forget(publisher);
}

void publish_first_status(struct publisher *publisher, const struct site *site)
{
	struct stat status;

	if (fstatat(site->state_fd, SUPERVISE_STATUS, &status,
		    AT_SYMLINK_NOFOLLOW) == 0)
		return;
	/* A failure will be told of by publish(). */
	publish_status(publisher, site);
}

enum record_result publish_in_child(const void *owner,
				    const struct identity *identity)
{
	const struct news *news = owner;
	unsigned char record[STATUS_SIZE];
	struct state state;

	fill_state(news, &state);
	state.pid = identity->pid;
	state.start_ticks = identity->start_ticks;
	if (write_state(AT_FDCWD, &state) == -1)
		return RECORD_FAILED;
	pack_status(news->site->standing, (pid_t)identity->pid, record);
	if (replace_file(AT_FDCWD, SUPERVISE_STATUS, record, STATUS_SIZE) == -1)
		return RECORD_PARTIAL;
	/* Whoever sees that it runs is right to think that it is supervised. */
	if (news->is_first && linkat(AT_FDCWD, SUPERVISE_CONTROL, AT_FDCWD,
				     SUPERVISE_OK, 0) == -1)
		return RECORD_PARTIAL;
	return RECORD_COMPLETE;
}

void publish_started(struct publisher *publisher, const struct news *news,
		     enum record_result result)
{
	const struct site *site = news->site;

	if (result == RECORD_COMPLETE && !site->hangs_at &&
	    plain_publish(site, site->standing, &publisher->plain_sum) == 0) {
		pack_status(site->standing, site->standing->pid,
			    publisher->status);
		publisher->is_broken = false;
		loop_timer_cancel(site->loop, &publisher->again);
		return;
	}
	publish_forget(publisher);
	publish(publisher, news);
}

void publish_forget(struct publisher *publisher)
{
	memset(publisher->status, 0, sizeof(publisher->status));
	publisher->plain_sum = 0;
}

void publish_end(struct publisher *publisher, const struct site *site)
{
	loop_timer_cancel(site->loop, &publisher->again);
}
