/* recall.c -- see recall.h. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/tai64n.h"
#include "engine/recall.h"
#include "service/identity.h"
#include "service/since.h"
#include "service/state.h"
#include "service/state_place.h"
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

/* False: there is none, or it can't be understood. */
static bool read_state(const struct trust_place *place, struct state *state,
		       bool *is_trusted)
{
	char text[STATE_SIZE_MAX];
	long count = trust_read(place, "state", text, sizeof(text), is_trusted);

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
	return true;
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
	struct process_end end = {.has_dumped = state->has_dumped,
				  .was_starved = state->was_starved};

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
	standing->was_ready = state->was_ready;
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
	identity->era = state->era;
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

/* ---- other supervisors ---- */

/* What daemontools or runit says to run, in "status". */
struct foreign {
	struct status status;
	struct identity identity;
	enum claim_verdict verdict;
};

static bool is_before(struct timespec one, struct timespec other)
{
	return one.tv_sec != other.tv_sec ? one.tv_sec < other.tv_sec
					  : one.tv_nsec < other.tv_nsec;
}

/*
 * Whether a moment was before process 1 began. One that our own state was
 * written beside is compared as it is: of a container that is started again at
 * once, a number may be another's within the time that clocks may be apart.
 */
static bool is_of_earlier_era(struct timespec noted, bool has_state,
			      const struct era *own)
{
	const struct identity init = {
		.start_ticks = own->init_ticks > 0 ? own->init_ticks : 1};
	struct timespec begin = start_of(&init);

	if (!has_state)
		begin.tv_sec -= FOREIGN_START_S;
	return is_before(noted, begin);
}

/* Any moment may be noted: their difference need not be a number. */
static bool is_near(time_t noted, time_t start)
{
	return noted >= start - FOREIGN_START_S &&
	       noted <= start + FOREIGN_START_S;
}

/*
 * No other process can have both the number that was noted and a start within
 * seconds of the moment that was: that is what `start_ticks` stands for.
 */
static enum claim_verdict judge_foreign(struct foreign *foreign,
					bool is_trusted, bool has_state)
{
	struct identity *identity = &foreign->identity;
	struct timespec noted = foreign->status.changed_at;
	struct claim_facts facts = {
		.is_provable = era_is_known(&identity->era),
		.is_trusted = is_trusted,
		.relation = is_of_earlier_era(noted, has_state, &identity->era)
				    ? ERA_OVER
				    : ERA_SAME,
		.has_same_clock = true,
	};

	claim_find(identity->pid, &facts);
	identity->start_ticks = facts.found_ticks;
	if (facts.found_ticks > 0 && !facts.is_zombie &&
	    is_near(noted.tv_sec, start_of(identity).tv_sec))
		facts.start_ticks = facts.found_ticks;
	return claim_decide(&facts);
}

/* Whether our own state says of that very number when it started: then there is
 * nothing to be guessed. */
static bool is_settled(const struct state *state, int64_t pid,
		       const struct eras *eras)
{
	return state->is_hosted && state->pid == pid &&
	       era_relate(&state->era, &eras->own) == ERA_SAME &&
	       era_has_same_clock(&state->era, &eras->own) &&
	       state->start_ticks > 0 &&
	       state->start_ticks <= eras->began_ticks;
}

/* What one of those left behind when it was killed. */
static void find_foreign(const struct recall_place *from,
			 const struct state *state, struct foreign *foreign)
{
	unsigned char record[STATUS_CLASSIC_SIZE];
	bool is_trusted;
	int64_t pid;

	foreign->verdict = CLAIM_NONE;
	if (trust_read(&from->place, "status", record, sizeof(record),
		       &is_trusted) != (long)sizeof(record))
		return;
	status_unpack(record, &foreign->status);
	pid = foreign->status.run_pid;
	foreign->identity =
		(struct identity){.pid = pid, .era = from->eras->own};
	if (pid > 1 && pid <= INT32_MAX &&
	    !(state && is_settled(state, pid, from->eras)))
		foreign->verdict = judge_foreign(foreign, is_trusted, state);
}

/* Its wishes are in "status" too, unless "state" speaks of this very process.
 */
static void take_foreign(const struct foreign *foreign, bool is_known,
			 struct recall *recall)
{
	const struct status *status = &foreign->status;
	struct standing *standing = &recall->standing;

	recall->identity = foreign->identity;
	standing->pid = (pid_t)foreign->identity.pid;
	standing->machine.phase = MACHINE_UP;
	if (is_known)
		return;
	standing->starts = 1;
	standing->changed.at = status->changed_at;
	standing->changed.up_ns = start_up_ns(&foreign->identity);
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

/* ---- all of it ---- */

/* What others may have written counts as a command of theirs would. */
static void take_wish(const struct state *state, struct recall *recall)
{
	struct machine machine = recall->standing.machine;

	state_to_machine(state, &machine);
	recall->standing.machine.want = machine.want;
}

static void take_state(const struct state *state, struct recall *recall)
{
	state_to_machine(state, &recall->standing.machine);
	take_history(state, recall);
	take_identity(state, &recall->identity);
	take_process(state, recall->verdict == CLAIM_ALIVE, recall);
}

static enum claim_verdict judge_state(const struct recall_place *from,
				      const struct state *state,
				      bool is_trusted)
{
	struct identity identity;

	if (!state->is_hosted)
		return CLAIM_NONE;
	take_identity(state, &identity);
	return claim_judge(&identity, is_trusted, from->home_fd, from->eras);
}

void recall_service(const struct recall_place *from, bool is_down_wanted,
		    struct recall *recall)
{
	struct state state;
	struct foreign foreign;
	bool is_trusted,
		is_read = read_state(&from->place, &state, &is_trusted);
	bool is_of_era =
		is_read && era_relate(&state.era, &from->eras->own) == ERA_SAME;

	recall_nothing(is_down_wanted, recall);
	if (is_read)
		recall->verdict = judge_state(from, &state, is_trusted);
	if (is_of_era && is_trusted && state.is_hosted)
		take_state(&state, recall);
	else if (is_of_era && state.is_hosted)
		take_wish(&state, recall);
	else if (is_of_era && is_trusted)
		/* Starts stay apart also across supervisors that let go. */
		recall->standing.machine.start_due_ns = state.start_due_ns;
	if (recall->verdict == CLAIM_ALIVE ||
	    recall->verdict == CLAIM_ELSEWHERE)
		return;
	find_foreign(from, is_read ? &state : NULL, &foreign);
	if (foreign.verdict == CLAIM_NONE || foreign.verdict == CLAIM_DEAD)
		return;
	recall->verdict = foreign.verdict;
	if (foreign.verdict == CLAIM_ALIVE)
		take_foreign(&foreign,
			     is_of_era && is_trusted && state.is_hosted &&
				     state.pid == foreign.identity.pid,
			     recall);
}

bool recall_was_hosted_in(int state_fd, struct eras *eras)
{
	const struct trust_place place = {.dir_fd = state_fd};
	struct state state;
	bool is_trusted;

	return read_state(&place, &state, &is_trusted) && state.is_hosted &&
	       eras_relate(eras, &state.era) != ERA_OVER;
}

bool recall_was_hosted(int dir_fd, struct eras *eras)
{
	bool result = recall_was_hosted_in(dir_fd, eras);
	int fd = result ? -1 : state_place_find(dir_fd, SUPERVISE_DIR);

	if (fd == -1)
		return result;
	result = recall_was_hosted_in(fd, eras);
	close(fd);
	return result;
}
