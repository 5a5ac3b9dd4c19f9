/* svlog.c -- show the logs of services, across rotated files. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <regex.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/calendar.h"
#include "base/diag.h"
#include "base/fd.h"
#include "base/options.h"
#include "base/program.h"
#include "base/strb.h"
#include "base/tai64n.h"
#include "read/locate.h"
#include "read/pager.h"
#include "read/reader.h"
#include "read/when.h"
#include "service/scan_dir.h"

static const char synopsis[] =
	"[-fiju] [-n count] [-g pattern] [-d scandir] [--since time] "
	"[--until time] [--no-pager] name|dir ...";

/* As many as tail(1) shows. */
#define FOLLOW_TAIL 10

enum { OPTION_SINCE = 1000, OPTION_UNTIL, OPTION_NO_PAGER };

static const struct option words[] = {
	{"follow", no_argument, NULL, 'f'},
	{"lines", required_argument, NULL, 'n'},
	{"grep", required_argument, NULL, 'g'},
	{"ignore-case", no_argument, NULL, 'i'},
	{"json", no_argument, NULL, 'j'},
	{"utc", no_argument, NULL, 'u'},
	{"scandir", required_argument, NULL, 'd'},
	{"since", required_argument, NULL, OPTION_SINCE},
	{"until", required_argument, NULL, OPTION_UNTIL},
	{"no-pager", no_argument, NULL, OPTION_NO_PAGER},
	{NULL, 0, NULL, 0},
};

/* What the command line asks for, as it is written there. */
struct request {
	struct stream_rules rules;
	const char *pattern, *scan_dir, *since, *until;
	bool ignores_case, is_json, is_utc, has_no_pager;
};

static uint64_t parse_count(const char *text)
{
	uint64_t count = 0;

	if (*text == '\0' || strspn(text, "0123456789") != strlen(text) ||
	    strlen(text) > 18)
		diag_die(EXIT_USAGE, "-n %s: not a number of lines", text);
	for (; *text != '\0'; text++)
		count = count * 10 + (uint64_t)(*text - '0');
	return count;
}

static void take_option(struct request *request, int option)
{
	switch (option) {
	case 'f': request->rules.follows = true; break;
	case 'i': request->ignores_case = true; break;
	case 'j': request->is_json = true; break;
	case 'u': request->is_utc = true; break;
	case 'g': request->pattern = optarg; break;
	case 'd': request->scan_dir = optarg; break;
	case 'n':
		request->rules.has_tail = true;
		request->rules.tail_count = parse_count(optarg);
		break;
	case OPTION_SINCE: request->since = optarg; break;
	case OPTION_UNTIL: request->until = optarg; break;
	case OPTION_NO_PAGER: request->has_no_pager = true; break;
	default: diag_usage(EXIT_USAGE, synopsis);
	}
}

static bool parse_time(const struct request *request, const char *option,
		       const char *text, struct timespec *moment)
{
	const char *wrong;

	if (!text)
		return false;
	wrong = when_parse(text, tai64n_now(), request->is_utc, moment);
	if (wrong)
		diag_die(EXIT_USAGE, "%s %s: %s", option, text, wrong);
	return true;
}

/* Completes the rules; `pattern` is where the compiled one is kept. */
static void complete(struct request *request, regex_t *pattern)
{
	struct stream_rules *rules = &request->rules;
	int error;

	rules->has_since =
		parse_time(request, "--since", request->since, &rules->since);
	rules->has_until =
		parse_time(request, "--until", request->until, &rules->until);
	if (rules->follows && rules->has_until)
		diag_die(EXIT_USAGE, "-f and --until exclude each other");
	if (rules->follows && !rules->has_tail && !rules->has_since) {
		rules->has_tail = true;
		rules->tail_count = FOLLOW_TAIL;
	}
	if (!request->pattern)
		return;
	error = regcomp(pattern, request->pattern,
			REG_EXTENDED | REG_NOSUB |
				(request->ignores_case ? REG_ICASE : 0));
	if (error != 0) {
		char reason[128];

		regerror(error, pattern, reason, sizeof(reason));
		diag_die(EXIT_USAGE, "-g %s: %s", request->pattern, reason);
	}
	rules->pattern = pattern;
}

static void say_missing(const char *name, const char *scan_dir)
{
	if (errno == ESRCH)
		diag_warn("unable to find the log of %s: there is no running "
			  "logger, log/main or current",
			  name);
	else if (errno == ENOENT && !strchr(name, '/'))
		diag_warn("unable to find %s: it is neither in %s nor here",
			  name, scan_dir);
	else
		diag_warn_errno("unable to find the log of %s", name);
}

/* Finds the logs; one that can't be found is passed over. */
static size_t locate(const struct request *request, char *names[], size_t count,
		     struct reader_log *logs)
{
	const char *scan_dir = scan_dir_find(request->scan_dir);
	size_t found = 0;

	for (size_t i = 0; i < count; i++) {
		char path[PATH_MAX];

		if (locate_log(names[i], scan_dir, path, sizeof(path)) == -1) {
			say_missing(names[i], scan_dir);
			continue;
		}
		logs[found].name = names[i];
		logs[found].path = strdup(path);
		if (!logs[found].path)
			diag_die(EXIT_SYSTEM, "out of memory");
		found++;
	}
	return found;
}

/* Each log has some files open. */
static void raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static void prepare_show(const struct request *request, struct show *show,
			 const struct reader_log *logs, size_t count,
			 int out_fd)
{
	const char *no_colour = getenv("NO_COLOR");
	bool is_terminal = isatty(STDOUT_FILENO) == 1;

	show_open(show, out_fd);
	show->is_json = request->is_json;
	show->is_terminal = is_terminal;
	show->has_names = count > 1;
	show->has_colour = is_terminal && !(no_colour && *no_colour != '\0');
	show->calendar.is_utc = request->is_utc;
	show->calendar.is_iso = request->is_json;
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(logs[i].name);

		if (len > show->name_width)
			show->name_width = len;
	}
}

/* Everything from the names on; false after saying what went wrong. */
static bool run(const struct request *request, char *names[], size_t count)
{
	static struct show show;
	struct pager pager = {.fd = STDOUT_FILENO};
	struct reader_log *logs = calloc(count, sizeof(*logs));
	size_t found;
	bool is_well = false;

	if (!logs)
		diag_die(EXIT_SYSTEM, "out of memory");
	found = locate(request, names, count, logs);
	if (found == 0)
		goto out;
	if (isatty(STDOUT_FILENO) == 1 && !request->rules.follows &&
	    !request->has_no_pager)
		pager_open(&pager);
	prepare_show(request, &show, logs, found, pager.fd);
	is_well = reader_run(logs, found, &request->rules, &show);
	/* Who leaves a pager has seen enough. */
	if (show_flush(&show) == -1 && pager.pid == 0) {
		diag_warn("unable to write output");
		is_well = false;
	}
	if (!pager_close(&pager))
		is_well = false;
out:
	for (size_t i = 0; i < found; i++)
		free(logs[i].path);
	free(logs);
	return is_well && found == count;
}

int main(int argc, char *argv[])
{
	struct request request = {.pattern = NULL};
	regex_t pattern;
	int option;
	bool is_well;

	program_begin("svlog", argc, argv);
	while ((option = options_next_long(argc, argv,
					   "+:fn:g:ijud:", words)) != -1)
		take_option(&request, option);
	if (optind == argc)
		diag_usage(EXIT_USAGE, synopsis);
	if (fd_ensure_standard() == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to open /dev/null");
	signal(SIGCHLD, SIG_DFL); /* decompressors are waited for */
	calendar_init();
	complete(&request, &pattern);
	raise_limit();
	is_well = run(&request, argv + optind, (size_t)(argc - optind));
	if (request.rules.pattern)
		regfree(&pattern);
	return is_well ? 0 : EXIT_SYSTEM;
}
