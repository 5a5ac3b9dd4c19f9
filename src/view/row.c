/* row.c -- see row.h. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/signame.h"
#include "base/span.h"
#include "view/row.h"

/* So many restarts without a healthy period between are no accident. */
#define UNSTABLE_STREAK 3

static const struct {
	const char *word;
	const char *text;
	enum row_health health;
} states[ROW_STATE_COUNT] = {
	[ROW_FAILED] = {"failed", "failed", ROW_BAD},
	[ROW_UNSUPERVISED] = {"unsupervised", "not supervised", ROW_BAD},
	[ROW_UNKNOWN] = {"unknown", "unknown", ROW_BAD},
	[ROW_RESTARTING] = {"restarting", "restarting", ROW_BAD},
	[ROW_UNSTABLE] = {"unstable", "up, but keeps ending", ROW_BAD},
	[ROW_WAITING] = {"waiting", "waiting", ROW_BUSY},
	[ROW_STARTING] = {"starting", "starting", ROW_BUSY},
	[ROW_STOPPING] = {"stopping", "stopping", ROW_BUSY},
	[ROW_PAUSED] = {"paused", "paused", ROW_BUSY},
	[ROW_UP] = {"up", "up", ROW_GOOD},
	[ROW_READY] = {"ready", "ready", ROW_GOOD},
	[ROW_DONE] = {"done", "done", ROW_GOOD},
	[ROW_BUNDLE] = {"bundle", "bundle", ROW_IDLE},
	[ROW_DOWN] = {"down", "down", ROW_IDLE},
};

const char *row_word(enum row_state state)
{
	return states[state].word;
}

enum row_health row_health(const struct row *row)
{
	enum row_health health = states[row->state].health;

	/* What it says is lost, or will soon hold it up. */
	if (row->log_trouble && health == ROW_GOOD)
		return ROW_BAD;
	return health;
}

int row_compare(const void *one, const void *other)
{
	const struct row *a = one, *b = other;
	bool is_bad = row_health(a) == ROW_BAD;

	if (is_bad != (row_health(b) == ROW_BAD))
		return is_bad ? -1 : 1;
	/* Up and ready are equally well. */
	if (a->state != b->state &&
	    !(row_health(a) == ROW_GOOD && row_health(b) == ROW_GOOD))
		return a->state < b->state ? -1 : 1;
	return strcmp(a->name, b->name);
}

/* ---- judging ---- */

static bool is(const char *word, const char *other)
{
	return strcmp(word, other) == 0;
}

struct row_end row_end_of(const struct state *state)
{
	struct row_end end = {.number = (int)state->last_number,
			      .has_dumped = state->has_dumped,
			      .was_starved = state->was_starved};
	struct timespec at;

	if (is(state->last_end, "exit"))
		end.how = ROW_END_EXIT;
	else if (is(state->last_end, "signal"))
		end.how = ROW_END_SIGNAL;
	else if (state->last_end[0] != '\0')
		end.how = ROW_END_UNKNOWN;
	if (strlen(state->last_end_at) == TAI64N_LABEL_SIZE &&
	    tai64n_parse(state->last_end_at, &at))
		end.at_s = at.tv_sec;
	return end;
}

static bool keeps_ending(const struct survey_service *service)
{
	return service->recent_deaths >= SURVEY_DEATHS ||
	       service->state.memory.streak >= UNSTABLE_STREAK;
}

static bool is_orderly(const struct row_end *end)
{
	return end->number ==
	       (end->how == ROW_END_SIGNAL ? SIGTERM : EXIT_SUCCESS);
}

/* Why it is in the phase "waiting". */
static enum row_state judge_waiting(const struct survey_service *service,
				    const struct row_moment *moment,
				    struct row *row)
{
	const struct state *state = &service->state;

	/* Its supervisor knows best, if it tells. */
	row->waits_for = state->waits_for[0] != '\0' ? state->waits_for
						     : service->waits_for;
	if (row->waits_for)
		return ROW_WAITING;
	if (state->deaths == 0 && state->refused == 0)
		return ROW_STARTING;
	if (state->start_due_ns > moment->now_ns)
		row->due_ns = state->start_due_ns - moment->now_ns;
	/* Somebody ended it, and it is about to start again. */
	if (!keeps_ending(service) && is_orderly(&row->end))
		return ROW_STARTING;
	return ROW_RESTARTING;
}

static enum row_state judge_up(const struct survey_service *service)
{
	const struct look *look = &service->look;
	const struct state *state = &service->state;

	if (state->is_paused)
		return ROW_PAUSED;
	if (state->is_ending || state->is_term_sent || state->is_stopping)
		return ROW_STOPPING;
	if (keeps_ending(service))
		return ROW_UNSTABLE;
	if (state->is_ready)
		return ROW_READY;
	return look->will_tell ? ROW_STARTING : ROW_UP;
}

/* "run" isn't there yet. */
static enum row_state judge_hanging(const struct state *state)
{
	return state->is_ending || state->is_term_sent ? ROW_STOPPING
						       : ROW_STARTING;
}

static enum row_state judge_state(const struct survey_service *service,
				  const struct row_moment *moment,
				  struct row *row)
{
	const struct state *state = &service->state;

	if (!is(state->phase, "waiting") && state->waits_for[0] != '\0')
		row->hangs_at = state->waits_for;
	row->end = row_end_of(state);
	if (row->end.at_s != 0)
		row->end.at_s += service->look.set_ns / SPAN_SECOND_NS;
	row->restarts = state->starts > 0 ? state->starts - 1 : 0;
	if (is(state->phase, "up"))
		return row->hangs_at ? judge_hanging(state) : judge_up(service);
	if (is(state->phase, "waiting"))
		return judge_waiting(service, moment, row);
	if (is(state->phase, "starting"))
		return ROW_STARTING;
	if (is(state->phase, "active"))
		return ROW_DONE;
	if (state->is_failed)
		return ROW_FAILED;
	if (is(state->phase, "finishing") || is(state->phase, "stopping"))
		return ROW_STOPPING;
	return ROW_DOWN;
}

/* Of another suite's supervisor, whose status is all there is. */
static enum row_state judge_status(const struct look *look)
{
	const struct status *status = &look->status;

	if (look->phase == LOOK_FINISH)
		return ROW_STOPPING;
	if (look->phase == LOOK_DOWN)
		return status->wanted == 'u' ? ROW_RESTARTING : ROW_DOWN;
	if (status->is_paused)
		return ROW_PAUSED;
	return status->wanted == 'd' || status->is_term_sent ? ROW_STOPPING
							     : ROW_UP;
}

static enum row_state judge_trouble(const struct survey_service *service)
{
	int error = service->look.error;

	if (service->hangs_at)
		return ROW_UNKNOWN;
	if (service->is_bundle)
		return ROW_BUNDLE;
	/* Its supervisor has just come, and has nothing on record yet. */
	if (service->look.is_hosted && error == ENOENT)
		return ROW_STARTING;
	if (service->look.is_hosted || error == EACCES || error == EPERM)
		return ROW_UNKNOWN;
	return ROW_UNSUPERVISED;
}

void row_judge(const struct survey_service *service,
	       const struct row_moment *moment, struct row *row)
{
	const struct look *look = &service->look;

	*row = (struct row){.service = service,
			    .name = service->name,
			    .is_hosted = look->is_hosted,
			    .restarts = -1};
	if (look->has_status) {
		row->since_s = look_since(look).tv_sec;
		row->pid = look->status.run_pid;
	}
	if (look->trouble)
		row->state = judge_trouble(service);
	else if (service->has_state)
		row->state = judge_state(service, moment, row);
	else
		row->state = judge_status(look);
}

/* ---- words ---- */

void row_add_end(const struct row_end *end, struct strb *text)
{
	char name[SIGNAME_SIZE];

	if (end->how == ROW_END_EXIT)
		strb_add_format(text, "exit %d", end->number);
	else if (end->how == ROW_END_SIGNAL)
		strb_add_format(text, "killed by %s%s",
				signame_of(end->number, name),
				end->was_starved  ? " (out of memory)"
				: end->has_dumped ? " (core dumped)"
						  : "");
	else if (end->how == ROW_END_UNKNOWN)
		strb_add(text, "ended unseen");
}

static void add_reason(const struct row *row, struct strb *text)
{
	if (row->end.how == ROW_END_NONE)
		return;
	strb_add(text, ": ");
	row_add_end(&row->end, text);
}

static void describe_restart(const struct row *row, struct strb *text)
{
	int64_t due_s = (row->due_ns + SPAN_SECOND_NS - 1) / SPAN_SECOND_NS;

	if (due_s > 1) {
		strb_add(text, " in ");
		span_add(text, due_s * SPAN_SECOND_NS);
	}
	add_reason(row, text);
}

/* Which of its files can't be read, and why. */
static void add_problem(const struct row *row, struct strb *text)
{
	struct problem problem;

	look_problem(&row->service->look, &problem);
	problem_add(text, &problem);
}

void row_describe(const struct row *row, struct strb *text)
{
	const struct state *state = &row->service->state;

	if (row->service->is_missing) {
		strb_add(text, "there is none");
		return;
	}
	strb_add(text, states[row->state].text);
	switch (row->state) {
	case ROW_FAILED:
	case ROW_UNSTABLE: add_reason(row, text); break;
	case ROW_RESTARTING: describe_restart(row, text); break;
	case ROW_WAITING:
		strb_add_format(text, " for %s", row->waits_for);
		break;
	case ROW_UNKNOWN:
		if (row->service->hangs_at) {
			strb_add_format(text,
					": the file system of %s doesn't "
					"answer",
					row->service->hangs_at);
			break;
		}
		strb_add(text, ": ");
		add_problem(row, text);
		break;
	case ROW_UNSUPERVISED:
		if (row->is_stray)
			strb_add(text, ", but runs");
		break;
	case ROW_DOWN:
		/* Not by somebody's wish: it ran once, and failed. */
		if (row->service->has_state && !is(state->want, "down") &&
		    (row->end.how != ROW_END_EXIT || row->end.number != 0))
			add_reason(row, text);
		break;
	case ROW_STARTING:
	case ROW_STOPPING:
		if (row->hangs_at)
			strb_add_format(text,
					": waits for the file system of %s",
					row->hangs_at);
		break;
	default: break;
	}
	if (row->log_trouble)
		strb_add_format(text, ", log %s", row->log_trouble);
}

/* ---- advice ---- */

static void advise_on_end(const struct row *row, struct strb *text)
{
	const struct row_end *end = &row->end;

	if (end->how == ROW_END_EXIT && end->number == 127)
		strb_add(text, "A program that run names isn't there: look "
			       "at the log, and at run. ");
	else if (end->how == ROW_END_EXIT &&
		 (end->number == 126 || end->number == 111))
		strb_add(text, "It could not be run: see that there is a file "
			       "run, that "
			       "it is executable, and that it begins with "
			       "#! and a program that exists. ");
	else if (end->how == ROW_END_EXIT && end->number == 0)
		strb_add(text, "It exits without an error: a program that "
			       "puts itself into the background has to be "
			       "told to stay in the foreground. ");
	else if (end->how == ROW_END_SIGNAL && end->number == 9)
		strb_add(text, "It was killed, maybe as memory was short: "
			       "dmesg tells. ");
	else
		strb_add(text, "Its log says why; without one, that went where "
			       "svscan's messages go. ");
}

static void advise_on_failure(const struct row *row, const char *scan_dir,
			      struct strb *text)
{
	bool is_final = row->state == ROW_FAILED;

	strb_add(text, is_final ? "It ended (" : "It keeps ending (");
	row_add_end(&row->end, text);
	strb_add(text, is_final ? ") and is not started again. " : "). ");
	advise_on_end(row, text);
	if (is_final)
		strb_add_format(text, "Then: sv -d %s start %s", scan_dir,
				row->name);
	else
		strb_add_format(text, "To look in peace: sv -d %s stop %s",
				scan_dir, row->name);
}

static void advise_on_waiting(const struct row *row, const char *scan_dir,
			      struct strb *text)
{
	if (row->waits_for)
		strb_add_format(text,
				"It starts when %s is ready: sv -d %s status "
				"%s",
				row->waits_for, scan_dir, row->waits_for);
}

static void advise_on_supervisor(const struct row *row, const char *scan_dir,
				 struct strb *text)
{
	if (row->service->is_missing)
		strb_add_format(text, "There is no such service, but others "
				      "name it.");
	else if (row->is_stray)
		strb_add_format(text,
				"Its supervisor is gone, its process is not. "
				"An svscan for %s takes it over as it runs. "
				"If there is one, its messages say why it "
				"doesn't: others can write in supervise, say.",
				scan_dir);
	else
		strb_add_format(text,
				"No supervisor has it. Is svscan running for "
				"%s, and is there a file run? svscan's "
				"messages say what it could not do.",
				scan_dir);
}

void row_advise(const struct row *row, const char *scan_dir, struct strb *text)
{
	switch (row->state) {
	case ROW_FAILED:
	case ROW_RESTARTING:
	case ROW_UNSTABLE: advise_on_failure(row, scan_dir, text); break;
	case ROW_WAITING: advise_on_waiting(row, scan_dir, text); break;
	case ROW_UNSUPERVISED: advise_on_supervisor(row, scan_dir, text); break;
	case ROW_UNKNOWN:
		if (row->service->hangs_at) {
			strb_add(text, "Others are not held up by that. Its "
				       "own process goes on when the file "
				       "system does. ");
			break;
		}
		strb_add_format(text,
				"Its files can't be read (%s): try as root, "
				"or as the user that svscan runs as.",
				diag_reason(row->service->look.error));
		break;
	case ROW_PAUSED:
		strb_add_format(text,
				"It is stopped. To go on: sv -d %s cont "
				"%s",
				scan_dir, row->name);
		break;
	default:
		if (row->log_trouble)
			strb_add_format(text,
					"Its logger is %s: what it writes is "
					"held in a pipe, and when that is "
					"full, it waits. sv -d %s status "
					"%s/log",
					row->log_trouble, scan_dir, row->name);
	}
}
