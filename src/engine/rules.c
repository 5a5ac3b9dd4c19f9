/* rules.c -- see rules.h. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/diag.h"
#include "engine/rules.h"
#include "service/config.h"
#include "service/tally.h"

#define MS_NS INT64_C(1000000)

/* Exit code by which "finish" says that trying again is of no use. */
#define EXIT_FINISH_FOR_GOOD 125

const struct service_config *rules_of(const struct site *site)
{
	static struct service_config empty;
	static bool is_made;

	if (site->config)
		return site->config;
	if (!is_made)
		config_defaults(&empty);
	is_made = true;
	return &empty;
}

const char *rules_script(const struct site *site, enum machine_phase phase)
{
	bool is_lines = rules_of(site)->type == CONFIG_TYPE_ONESHOT;

	if (site->is_inline)
		return "log";
	switch (phase) {
	case MACHINE_STARTING: return is_lines ? "up" : "start";
	case MACHINE_FINISHING: return "finish";
	case MACHINE_STOPPING: return is_lines ? "down" : "stop";
	default: return "run";
	}
}

/* Whether it says no more than one of daemontools could. */
static bool is_plain(const struct service_config *config)
{
	const uint64_t plain = UINT64_C(1) << CONFIG_RUN |
			       UINT64_C(1) << CONFIG_DOWN |
			       UINT64_C(1) << CONFIG_LOG;

	return (config->there & ~plain) == 0 && !config->ends_all &&
	       config_has(config, CONFIG_RUN) &&
	       config->log != CONFIG_LOG_INLINE &&
	       config->log != CONFIG_LOG_UNUSABLE;
}

/* The lines of `troubles`, unless they are what was said last. */
static void tell_troubles(struct site *site, char *troubles)
{
	uint32_t sum = 0;
	char *line, *end;

	for (const char *at = troubles; *at; at++)
		sum = sum * 31 + (unsigned char)*at;
	if (sum == site->troubles_said)
		return;
	site->troubles_said = sum;
	for (line = troubles; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		diag_warn("%s/%s", site->name, line);
	}
}

static struct machine_rules make_rules(const struct service_config *config)
{
	bool has_run = config_has(config, CONFIG_RUN);
	struct machine_rules rules = {
		.has_start = config_has(config, CONFIG_START),
		.has_finish = config_has(config, CONFIG_FINISH),
		.has_stop = config_has(config, CONFIG_STOP),
		.down_signal = config->down_signal,
		.reload_signal = config->reload_signal,
		.kill_after_ns = config->timeout_kill_ms * MS_NS,
		.finish_limit_ns = config->timeout_finish_ms * MS_NS,
		.up_limit_ns = config->timeout_up_ms * MS_NS,
		.down_limit_ns = config->timeout_down_ms * MS_NS,
		.longest_wait_ns = policy_longest_ns(&config->policy),
	};

	if (config->type == CONFIG_TYPE_ONESHOT) {
		rules.has_start = config_has(config, CONFIG_UP);
		rules.has_stop = (config->there >> CONFIG_DOWN & 1) != 0;
		rules.has_finish = has_run = false;
	}
	rules.is_oneshot = rules.has_start && !has_run;
	/* Without a way to say that it is ready, it can't be late for that. */
	if (config->notification_fd == -1 &&
	    !config_has(config, CONFIG_NOTIFY_SOCKET) && !rules.is_oneshot)
		rules.up_limit_ns = 0;
	return rules;
}

static void keep(struct site *site, const struct service_config *config)
{
	if (is_plain(config)) {
		rules_forget(site);
		return;
	}
	if (!site->config)
		site->config = malloc(sizeof(*site->config));
	if (site->config) /* without memory: as if it were plain */
		*site->config = *config;
}

int rules_refresh(struct site *site, struct machine_rules *rules)
{
	char room[CONFIG_TROUBLES_SIZE];
	struct strb troubles = strb_on(room, sizeof(room));
	struct service_config config;

	site->may_have_changed = false;
	config_defaults(&config);
	if (config_read(site->dir_fd, &config, &troubles) == -1)
		return -1;
	if (site->is_main)
		config_end_all(&config);
	tell_troubles(site, room);
	keep(site, &config);
	/* A oneshot's is a command line. */
	site->is_down_wanted = (config.there >> CONFIG_DOWN & 1) != 0 &&
			       config.type != CONFIG_TYPE_ONESHOT;
	*rules = make_rules(rules_of(site));
	return 0;
}

void rules_refresh_after_changes(struct site *site, struct machine_rules *rules)
{
	if (site->is_watched && !site->config) {
		loop_directories_catch_up(site->loop);
		if (!site->may_have_changed)
			return;
	}
	rules_refresh(site, rules);
}

void rules_forget(struct site *site)
{
	free(site->config);
	site->config = NULL;
}

static int64_t lasted_ns(const struct standing *standing)
{
	/* Starts are this far ahead of the moment until which none may be. */
	return loop_now_ns() -
	       (standing->machine.start_due_ns - MACHINE_THROTTLE_NS);
}

/*
 * Into the tally, before "finish" may look at it. How it ended has to be known;
 * a tally that can't be written is no message's worth: then the state can't be
 * written either, and there is one about that.
 */
static void count_death(const struct site *site,
			const struct standing *standing,
			const struct process_end *end)
{
	const struct tally_death death = {
		.at = standing->changed.at,
		.exit_code = (uint8_t)end->exit_code,
		.signal_number = (uint8_t)end->signal_number,
	};

	if (end->is_known)
		tally_add(site->state_fd, &death,
			  rules_of(site)->max_death_tally);
}

/* The end of "run": as its policy has it. */
static enum machine_event judge_run(const struct site *site,
				    struct standing *standing,
				    const struct process_end *end)
{
	const struct service_config *config = rules_of(site);
	struct machine *machine = &standing->machine;
	struct policy_death death = {
		.exit_code = end->is_known && end->signal_number == 0
				     ? end->exit_code
				     : -1,
		.lasted_ns = lasted_ns(standing),
		.was_asked_for = machine->is_term_sent,
		.has_encore = config_shows(config, CONFIG_ENCORE),
		.finish_code = -1,
	};
	struct policy_verdict verdict;

	if (!site->config || machine->want != MACHINE_WANT_UP)
		return EVENT_EXITED;
	verdict = policy_judge(&config->policy, &standing->memory, &death,
			       loop_now_ns());
	switch (verdict.answer) {
	case POLICY_RESTART:
		if (machine->start_due_ns < loop_now_ns() + verdict.delay_ns)
			machine->start_due_ns =
				loop_now_ns() + verdict.delay_ns;
		return EVENT_EXITED;
	case POLICY_DONE:
		machine->want = MACHINE_WANT_ONCE;
		return EVENT_EXITED;
	case POLICY_GIVE_UP: break;
	}
	diag_warn("%s failed for good: %s", site->name, verdict.why);
	return EVENT_FAILED;
}

enum machine_event rules_judge_end(const struct site *site,
				   struct standing *standing,
				   const struct process_end *end)
{
	bool is_success =
		end->is_known && end->signal_number == 0 && end->exit_code == 0;

	switch (standing->machine.phase) {
	case MACHINE_STARTING: return is_success ? EVENT_EXITED : EVENT_FAILED;
	case MACHINE_UP:
		count_death(site, standing, end);
		return judge_run(site, standing, end);
	case MACHINE_FINISHING:
		if (end->exit_code != EXIT_FINISH_FOR_GOOD)
			return EVENT_EXITED;
		diag_warn("%s failed for good: its finish exited %d",
			  site->name, EXIT_FINISH_FOR_GOOD);
		return EVENT_FAILED;
	default: return EVENT_EXITED;
	}
}
