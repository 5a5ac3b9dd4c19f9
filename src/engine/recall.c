/* recall.c -- see recall.h. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/tai64n.h"
#include "engine/recall.h"
#include "service/identity.h"
#include "service/since.h"
#include "service/state.h"
#include "service/status.h"
#include "service/supervise_dir.h"

/* How far the clock that a foreign supervisor wrote down and the start time
 * that the kernel remembers may be apart. */
#define FOREIGN_START_S 2

/* Noise may hold any number; one is added to these, now and then. */
static bool is_count(int64_t number)
{
	return number >= 0 && number < INT64_MAX / 2;
}

/* False: there is none of this boot, or it can't be understood. */
static bool read_state(int dir_fd, const char *boot_id, struct state *state)
{
	char text[STATE_SIZE_MAX];
	long count = fd_read_file(dir_fd, SUPERVISE_STATE, text, sizeof(text));

	if (count <= 0 || !state_parse(text, (size_t)count, state))
		return false;
	if (!is_count(state->starts))
		state->starts = 0;
	if (!is_count(state->deaths))
		state->deaths = 0;
	if (state->pid < 0 || state->pid > INT32_MAX)
		state->pid = 0;
	if (state->last_pid < 0 || state->last_pid > INT32_MAX)
		state->last_pid = 0;
	return strcmp(state->boot_id, boot_id) == 0;
}

static struct timespec moment_of(const char label[TAI64N_LABEL_SIZE + 1],
				 struct timespec otherwise)
{
	struct timespec moment;

	if (strlen(label) == TAI64N_LABEL_SIZE && tai64n_parse(label, &moment))
		return moment;
	return otherwise;
}

/* When a process started, since boot, to a clock tick; 0: it can't be told. */
static int64_t start_up_ns(const struct identity *identity)
{
	int64_t tick_ns = 1000000000 / sysconf(_SC_CLK_TCK);

	/* A damaged record may hold any number. */
	if (identity->start_ticks < 0 ||
	    identity->start_ticks > INT64_MAX / tick_ns)
		return 0;
	return identity->start_ticks * tick_ns;
}

/* The same by the wall clock. */
static struct timespec start_of(const struct identity *identity)
{
	struct since now = since_now();
	int64_t up_ns = start_up_ns(identity);

	if (up_ns == 0 || up_ns > now.up_ns)
		return now.at;
	return since_add(now.at, up_ns - now.up_ns);
}

static enum control_down_file down_file_of(const struct state *state)
{
	if (state->down_file_due == CONTROL_DOWN_MADE)
		return CONTROL_DOWN_MADE;
	return state->down_file_due == CONTROL_DOWN_REMOVED
		       ? CONTROL_DOWN_REMOVED
		       : CONTROL_DOWN_LEFT;
}

/* Of anything that no process can end with, nobody knows what it was. */
static struct process_end end_of(const struct state *state)
{
	struct process_end end = {.has_dumped = state->has_dumped};

	if (strcmp(state->last_end, "signal") == 0 && state->last_number > 0 &&
	    state->last_number < NSIG) {
		end.is_known = true;
		end.signal_number = (int)state->last_number;
	} else if (strcmp(state->last_end, "exit") == 0 &&
		   state->last_number >= 0 && state->last_number <= UINT8_MAX) {
		end.is_known = true;
		end.exit_code = (int)state->last_number;
	}
	return end;
}

static void take_history(const struct state *state, struct recall *recall)
{
	struct standing *standing = &recall->standing;

	standing->starts = state->starts;
	standing->deaths = state->deaths;
	standing->changed.at =
		moment_of(state->changed_at, standing->changed.at);
	standing->changed.up_ns =
		state->changed_up_ns > 0 ? state->changed_up_ns : 0;
	standing->ready_at = moment_of(state->ready_at, standing->changed.at);
	standing->down_file_due = down_file_of(state);
	standing->is_rest_for_group = state->is_rest_for_group;
	standing->last_pid = state->last_pid;
	memcpy(recall->status_text, state->status_text,
	       sizeof(recall->status_text));
	recall->is_stopping = state->is_stopping;
	standing->memory = state->memory;
	standing->last_end_at =
		moment_of(state->last_end_at, standing->last_end_at);
	standing->last_end = end_of(state);
}

/* Anything else than the signals of commands is noise. */
static void take_signals(const struct state *state, struct recall *recall)
{
	bool is_to_group = state->signal_due < 0 && state->signal_due > -NSIG;
	const int64_t due[2] = {is_to_group ? -state->signal_due
					    : state->signal_due,
				state->next_signal_due};

	recall->standing.is_due_to_group = is_to_group;
	for (int i = 0; i < 2 && due[i] > 0 && due[i] < NSIG; i++)
		recall->standing.signals_due[i] = (int)due[i];
}

static void take_identity(const struct state *state, struct identity *identity)
{
	identity->pid = state->pid;
	identity->start_ticks = state->start_ticks;
	memcpy(identity->boot_id, state->boot_id, sizeof(identity->boot_id));
}

/* Without a pid, what was decided on didn't come about. */
static enum machine_phase phase_without_process(const struct machine *machine)
{
	/* Of these the end leads to what was decided on. */
	if (machine->phase == MACHINE_FINISHING)
		return MACHINE_UP;
	if (machine->phase == MACHINE_STOPPING)
		return MACHINE_FINISHING;
	if (machine->phase != MACHINE_UP && machine->phase != MACHINE_STARTING)
		return machine->phase;
	/* Only damage can make it one that is wanted down, too. */
	return machine->want == MACHINE_WANT_DOWN ? MACHINE_DOWN
						  : MACHINE_WAITING;
}

/*
 * How the process on record makes the machine stand; one that was decided on
 * (phase up, no pid yet) didn't come about.
 */
static void take_process(const struct state *state, bool is_alive,
			 struct recall *recall)
{
	struct standing *standing = &recall->standing;

	if (is_alive) {
		standing->pid = (pid_t)state->pid;
		take_signals(state, recall);
	}
	if (state->pid != 0 && !machine_has_process(standing->machine.phase))
		standing->machine.phase = MACHINE_UP; /* until somebody looks */
	else if (state->pid == 0)
		standing->machine.phase =
			phase_without_process(&standing->machine);
}

/*
 * What a supervisor of daemontools or runit left behind when it was killed: a
 * pid, and the moment of its start as "status" has it. No other process can
 * have both that number and a start within seconds of that moment.
 */
static bool find_foreign(int dir_fd, const char *boot_id,
			 struct identity *identity, struct status *status)
{
	unsigned char record[STATUS_CLASSIC_SIZE];
	time_t start, noted;

	if (fd_read_file(dir_fd, SUPERVISE_STATUS, record, sizeof(record)) !=
	    (long)sizeof(record))
		return false;
	status_unpack(record, status);
	*identity = (struct identity){.pid = status->run_pid};
	snprintf(identity->boot_id, sizeof(identity->boot_id), "%s", boot_id);
	if (identity->pid > 0)
		identity->start_ticks = identity_start_ticks(identity->pid);
	if (!identity_is_provable(identity) ||
	    identity_is_zombie(identity->pid))
		return false;
	/* Any moment may be noted: their difference need not be a number. */
	start = start_of(identity).tv_sec;
	noted = status->changed_at.tv_sec;
	return noted >= start - FOREIGN_START_S &&
	       noted <= start + FOREIGN_START_S;
}

/* Its wishes are in "status" too, unless "state" speaks of this very process.
 */
static void take_foreign(const struct identity *identity,
			 const struct status *status, bool is_known,
			 struct recall *recall)
{
	struct standing *standing = &recall->standing;

	recall->identity = *identity;
	standing->pid = (pid_t)identity->pid;
	standing->machine.phase = MACHINE_UP;
	if (is_known)
		return;
	standing->starts = 1;
	standing->changed.at = status->changed_at;
	standing->changed.up_ns = start_up_ns(identity);
	standing->machine.is_leaving = standing->machine.is_term_sent = false;
	standing->machine.is_paused = status->is_paused;
	standing->machine.want = status->wanted == 'u'   ? MACHINE_WANT_UP
				 : status->wanted == 'd' ? MACHINE_WANT_DOWN
							 : MACHINE_WANT_ONCE;
}

void recall_nothing(bool is_down_wanted, struct recall *recall)
{
	memset(recall, 0, sizeof(*recall));
	recall->standing.changed = since_now();
	recall->standing.machine.want =
		is_down_wanted ? MACHINE_WANT_DOWN : MACHINE_WANT_UP;
}

void recall_service(int dir_fd, const char *boot_id, bool is_down_wanted,
		    struct recall *recall)
{
	struct state state;
	struct status status;
	struct identity foreign;
	bool is_of_boot = read_state(dir_fd, boot_id, &state);
	bool has_state = is_of_boot && state.is_hosted;
	bool is_alive;

	recall_nothing(is_down_wanted, recall);
	/* Starts stay apart also across supervisors that let go. */
	if (is_of_boot)
		recall->standing.machine.start_due_ns = state.start_due_ns;
	if (has_state) {
		state_to_machine(&state, &recall->standing.machine);
		take_history(&state, recall);
		take_identity(&state, &recall->identity);
	}
	is_alive = has_state && identity_is_alive(&recall->identity, boot_id);
	if (!is_alive && find_foreign(dir_fd, boot_id, &foreign, &status))
		take_foreign(&foreign, &status,
			     has_state && state.pid == foreign.pid, recall);
	else if (has_state)
		take_process(&state, is_alive, recall);
}

bool recall_was_hosted(int dir_fd, const char *boot_id)
{
	struct state state;

	return read_state(dir_fd, boot_id, &state) && state.is_hosted;
}
