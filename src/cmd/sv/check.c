/* check.c -- see check.h. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/options.h"
#include "client/alive.h"
#include "client/condition.h"
#include "client/survey.h"
#include "cmd/sv/check.h"
#include "cmd/sv/command.h"
#include "service/scan_dir.h"
#include "view/overview.h"
#include "view/row.h"
#include "view/text.h"

#define SOME_SICK 1
#define LINE_SIZE 1024

/* Whoever has less patience says so by killing this program. */
#define PATIENCE_NS INT64_C(10000000000)

enum question { ASKS_READY, ASKS_STARTUP, ASKS_LIVE };

struct answer {
	const char *scan_dir;
	enum question question;
	struct row_moment moment;
	size_t well, sick; /* services */
};

static void say(const char *name, const char *words)
{
	char line[LINE_SIZE];
	struct strb text = strb_on(line, sizeof(line));

	text_add_shown(&text, name, SIZE_MAX);
	strb_add(&text, ": ");
	text_add_shown(&text, words, SIZE_MAX);
	puts(line);
}

/* ---- services ---- */

static bool is_wanted_up(const struct row *row)
{
	const struct survey_service *service = row->service;

	return service->has_state ? strcmp(service->state.want, "down") != 0
				  : service->look.status.wanted != 'd';
}

/* Of one that can't say whether it is ready: that it has stayed up. */
static bool is_settled(const struct row *row, const struct row_moment *moment)
{
	const struct look *look = &row->service->look;
	int64_t again_ns;

	return condition_judge(CONDITION_READY, look, look, false, moment->now,
			       &again_ns) == VERDICT_REACHED;
}

/* Whether it is as it should be; one that is meant to be down always is. */
static bool is_well(const struct answer *answer, const struct row *row)
{
	bool is_known = row->service->has_state;

	if (answer->question == ASKS_STARTUP && is_known &&
	    row->service->state.was_ready)
		return true;
	switch (row_health(row)) {
	case ROW_BAD: return false;
	case ROW_BUSY: return !is_wanted_up(row);
	case ROW_GOOD:
		return row->state != ROW_UP || !is_wanted_up(row) ||
		       is_settled(row, &answer->moment);
	case ROW_IDLE: break;
	}
	return true;
}

static void judge(struct answer *answer, const struct survey_service *service)
{
	char room[LINE_SIZE];
	struct strb words = strb_on(room, sizeof(room));
	struct row row;

	row_judge(service, &answer->moment, &row);
	if (row.is_hosted)
		row.log_trouble =
			overview_log_trouble(answer->scan_dir, row.name);
	if (is_well(answer, &row)) {
		answer->well += row.state != ROW_BUNDLE;
		return;
	}
	answer->sick++;
	row_describe(&row, &words);
	if (row.state == ROW_UP && !row.log_trouble)
		strb_add(&words, ", but not for a second yet");
	say(service->name, room);
}

static bool has_hosted(const struct survey *survey)
{
	for (size_t i = 0; i < survey->count; i++) {
		if (survey->services[i].look.is_hosted)
			return true;
	}
	return false;
}

/* ---- svscan ---- */

/* Whoever supervises services needn't be our svscan. */
static bool is_alive(const struct answer *answer, const struct survey *survey)
{
	bool is_asked = answer->question == ASKS_LIVE;
	char room[LINE_SIZE];
	struct strb words = strb_on(room, sizeof(room));

	switch (alive_ask(answer->scan_dir, is_asked ? PATIENCE_NS : 0)) {
	case ALIVE_YES: return true;
	case ALIVE_NO:
		if (has_hosted(survey))
			return true;
		strb_add(&words, "no svscan runs here");
		break;
	case ALIVE_UNKNOWN:
		if (!is_asked || has_hosted(survey))
			return true;
		strb_add_format(&words, "unable to ask svscan: %s",
				diag_reason(errno));
		break;
	case ALIVE_STUCK: strb_add(&words, "svscan doesn't answer"); break;
	}
	say(answer->scan_dir, room);
	return false;
}

/* ---- all of it ---- */

static void say_well(const struct answer *answer)
{
	if (answer->question == ASKS_LIVE)
		puts("all well: svscan answers");
	else
		printf("all well: %zu service%s\n", answer->well,
		       answer->well == 1 ? "" : "s");
}

static int answer_all(struct answer *answer)
{
	struct survey survey;
	bool is_good;

	if (survey_take(answer->scan_dir, &survey) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to read %s",
			       answer->scan_dir);
	answer->moment = overview_moment();
	is_good = is_alive(answer, &survey);
	for (size_t i = 0;
	     is_good && answer->question != ASKS_LIVE && i < survey.count;
	     i++) {
		if (!survey.services[i].is_missing)
			judge(answer, &survey.services[i]);
	}
	survey_free(&survey);
	is_good = is_good && answer->sick == 0;
	if (is_good)
		say_well(answer);
	if (fflush(stdout) == EOF)
		diag_die_errno(EXIT_SYSTEM, "unable to write");
	return is_good ? 0 : SOME_SICK;
}

int check_command(const char *scan_dir, int argc, char *argv[])
{
	static const struct option words[] = {
		{"all", no_argument, NULL, 'a'},
		{"startup", no_argument, NULL, 's'},
		{"live", no_argument, NULL, 'l'},
		{"ready", no_argument, NULL, 'r'},
		{NULL, 0, NULL, 0},
	};
	struct answer answer = {.scan_dir = scan_dir_find(scan_dir)};
	int letter, questions = 0;
	bool is_of_all = false;

	while ((letter = options_next_long(argc, argv, "+:", words)) != -1) {
		questions += letter != 'a';
		switch (letter) {
		case 'a': is_of_all = true; break;
		case 's': answer.question = ASKS_STARTUP; break;
		case 'l': answer.question = ASKS_LIVE; break;
		case 'r': answer.question = ASKS_READY; break;
		default: return COMMAND_MISUSED;
		}
	}
	if (!is_of_all || questions > 1 || argv[optind])
		return COMMAND_MISUSED;
	signal(SIGPIPE, SIG_IGN); /* svscan may end while it is asked */
	return answer_all(&answer);
}
