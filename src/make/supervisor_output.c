/*
 * supervisor_output.c -- where a service of supervisord's writes to: see
 * supervisor.h.
 *
 * Its files become the service's own log, which turns as they do. What went to
 * supervisord's own output goes to that of the supervisor, without a log.
 */
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "base/number.h"
#include "make/supervisor.h"

/* What supervisord does unless told otherwise. */
#define MAX_BYTES INT64_C(52428800)
#define BACKUPS   10
/* What multilog takes; without L, that is what daemontools' does. */
#define LEAST_BYTES  INT64_C(4096)
#define PLAIN_BYTES  INT64_C(16777215)
#define MOST_BYTES   INT64_C(2147483647)
#define MOST_BACKUPS 9999

enum sink {
	SINK_LOG,
	SINK_NONE,
	SINK_OUTPUT, /* of the supervisor */
	SINK_ERRORS,
};

/* ---- the log's size ---- */

/* "50MB", or a number. False: it is none. */
static bool parse_bytes(const char *text, int64_t *bytes)
{
	static const struct {
		const char *word;
		int64_t factor;
	} units[] = {{"kb", 1 << 10}, {"mb", 1 << 20}, {"gb", 1 << 30}};
	size_t len = strlen(text);
	int64_t factor = 1;
	char digits[24];
	uint64_t number;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (len < 2 || strcasecmp(text + len - 2, units[i].word) != 0)
			continue;
		factor = units[i].factor;
		len -= 2;
		break;
	}
	while (len > 0 && text[len - 1] == ' ')
		len--;
	if (len >= sizeof(digits))
		return false;
	memcpy(digits, text, len);
	digits[len] = '\0';
	if (number_parse(digits, INT32_MAX, &number) == -1)
		return false;
	*bytes = (int64_t)number * factor;
	return true;
}

/* As large, and as many. */
static void plan_limits(struct supervisor *supervisor,
			const struct supervisor_service *service)
{
	const char *section = service->program->section, *text;
	const struct supervisor_option *option =
		supervisor_find(supervisor, section, "stdout_logfile_maxbytes");
	int64_t bytes = MAX_BYTES, backups;

	if (!option &&
	    !supervisor_find(supervisor, section, "stdout_logfile_backups"))
		return;
	backups = supervisor_number(supervisor, section,
				    "stdout_logfile_backups", service, BACKUPS);
	text = option ? supervisor_value_now(supervisor, option, service)
		      : NULL;
	if (text && !parse_bytes(text, &bytes))
		supervisor_tell_bad(supervisor, option);
	if (bytes == 0) {
		supervisor_tell(supervisor, option,
				"set s and n in log/run: see multilog(8)",
				"a log always has a limit");
		return;
	}
	if (backups < 0 || backups > MOST_BACKUPS)
		backups = MOST_BACKUPS;
	if (bytes < LEAST_BYTES)
		bytes = LEAST_BYTES;
	if (bytes > MOST_BYTES)
		bytes = MOST_BYTES;
	/* The current one is among them, and an old one at least. */
	supervisor->import->plan.log_limits = import_keep_format(
		supervisor->import, "%ss%" PRId64 " n%" PRId64,
		bytes > PLAIN_BYTES ? "L " : "", bytes,
		backups > 1 ? backups + 1 : INT64_C(2));
}

/* ---- where to ---- */

/* A file is told of, as it isn't written any more. */
static enum sink sink_of(struct supervisor *supervisor,
			 const struct supervisor_service *service,
			 const char *key)
{
	static const struct {
		const char *path;
		enum sink sink;
	} paths[] = {
		{"none", SINK_NONE},
		{"off", SINK_NONE},
		{"/dev/null", SINK_NONE},
		{"auto", SINK_LOG},
		{"/dev/stdout", SINK_OUTPUT},
		{"/dev/fd/1", SINK_OUTPUT},
		{"/proc/self/fd/1", SINK_OUTPUT},
		{"/proc/1/fd/1", SINK_OUTPUT},
		{"/dev/stderr", SINK_ERRORS},
		{"/dev/fd/2", SINK_ERRORS},
		{"/proc/self/fd/2", SINK_ERRORS},
		{"/proc/1/fd/2", SINK_ERRORS},
	};
	const struct supervisor_option *option =
		supervisor_find(supervisor, service->program->section, key);
	const char *text =
		option ? supervisor_value(supervisor, option, service, false)
		       : NULL;

	for (size_t i = 0; text && i < sizeof(paths) / sizeof(paths[0]); i++) {
		if (strcasecmp(text, paths[i].path) == 0)
			return paths[i].sink;
	}
	if (text)
		supervisor_tell(supervisor, option,
				"see it with svlog, or in log/main",
				"it goes to the service's own log");
	return SINK_LOG;
}

/* The redirections behind "exec </dev/null". */
static const char *redirections(enum sink out, enum sink errors)
{
	static const char *const texts[][4] = {
		[SINK_LOG] = {[SINK_LOG] = " 2>&1",
			      [SINK_NONE] = " 2>/dev/null",
			      [SINK_OUTPUT] = "",
			      [SINK_ERRORS] = ""},
		[SINK_NONE] = {[SINK_LOG] = " 2>&1 >/dev/null",
			       [SINK_NONE] = " >/dev/null 2>&1",
			       [SINK_OUTPUT] = " 2>&1 >/dev/null",
			       [SINK_ERRORS] = " >/dev/null"},
		[SINK_OUTPUT] = {[SINK_LOG] = " 2>&1",
				 [SINK_NONE] = " 2>/dev/null",
				 [SINK_OUTPUT] = " 2>&1",
				 [SINK_ERRORS] = ""},
		[SINK_ERRORS] = {[SINK_LOG] = " 2>&1",
				 [SINK_NONE] = " >&2 2>/dev/null",
				 [SINK_OUTPUT] = " 3>&1 >&2 2>&3 3>&-",
				 [SINK_ERRORS] = " >&2"},
	};

	return texts[out][errors];
}

void supervisor_plan_output(struct supervisor *supervisor,
			    const struct supervisor_service *service)
{
	const char *section = service->program->section;
	struct plan *plan = &supervisor->import->plan;
	enum sink out = sink_of(supervisor, service, "stdout_logfile");
	const struct supervisor_option *said =
		supervisor_find(supervisor, section, "stderr_logfile");
	enum sink errors = out;

	if (supervisor_truth(supervisor, section, "redirect_stderr", service,
			     false))
		said = NULL;
	else if (said || out == SINK_NONE)
		errors = sink_of(supervisor, service, "stderr_logfile");
	else if (out == SINK_OUTPUT) /* beside it, as nobody said elsewhere */
		errors = SINK_ERRORS;
	/* A log has the service's output, and that is one pipe. */
	if (said && out > SINK_NONE && errors == SINK_LOG)
		supervisor_tell(
			supervisor, said,
			"set stdout_logfile likewise, or have two services",
			"what the service prints goes there, too");
	if (said && out == SINK_LOG && errors == SINK_OUTPUT)
		supervisor_tell(supervisor, said,
				"nothing, unless these are told apart",
				"it goes to the supervisor's errors");
	plan->needs_no_log = out != SINK_LOG && errors != SINK_LOG;
	plan->output = import_keep_format(supervisor->import, "</dev/null%s",
					  redirections(out, errors));
	if (!plan->needs_no_log)
		plan_limits(supervisor, service);
}
