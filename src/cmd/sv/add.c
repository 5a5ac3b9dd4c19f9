/* add.c -- see add.h. */
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/number.h"
#include "base/options.h"
#include "base/signame.h"
#include "base/span.h"
#include "chain/ids.h"
#include "cmd/sv/add.h"
#include "cmd/sv/command.h"
#include "cmd/sv/maker.h"
#include "service/policy.h"

enum word {
	WORD_AFTER = 256,
	WORD_CWD,
	WORD_DISABLED,
	WORD_DOWN,
	WORD_DRY_RUN,
	WORD_ENV,
	WORD_INTO,
	WORD_LIMIT,
	WORD_LOG_USER,
	WORD_NEEDS,
	WORD_NICE,
	WORD_NO_LOG,
	WORD_NOTIFY_SOCKET,
	WORD_READY_FD,
	WORD_RESTART,
	WORD_STOP_SIGNAL,
	WORD_STOP_TIMEOUT,
	WORD_UMASK,
	WORD_USER,
	WORD_WANTS,
};

static const struct option words[] = {
	{"after", required_argument, NULL, WORD_AFTER},
	{"cwd", required_argument, NULL, WORD_CWD},
	{"disabled", no_argument, NULL, WORD_DISABLED},
	{"down", no_argument, NULL, WORD_DOWN},
	{"dry-run", no_argument, NULL, WORD_DRY_RUN},
	{"env", required_argument, NULL, WORD_ENV},
	{"into", required_argument, NULL, WORD_INTO},
	{"limit", required_argument, NULL, WORD_LIMIT},
	{"log-user", required_argument, NULL, WORD_LOG_USER},
	{"needs", required_argument, NULL, WORD_NEEDS},
	{"nice", required_argument, NULL, WORD_NICE},
	{"no-log", no_argument, NULL, WORD_NO_LOG},
	{"notify-socket", no_argument, NULL, WORD_NOTIFY_SOCKET},
	{"ready-fd", required_argument, NULL, WORD_READY_FD},
	{"restart", required_argument, NULL, WORD_RESTART},
	{"stop-signal", required_argument, NULL, WORD_STOP_SIGNAL},
	{"stop-timeout", required_argument, NULL, WORD_STOP_TIMEOUT},
	{"umask", required_argument, NULL, WORD_UMASK},
	{"user", required_argument, NULL, WORD_USER},
	{"wants", required_argument, NULL, WORD_WANTS},
	{NULL, 0, NULL, 0},
};

struct addition {
	struct maker maker;
	struct plan plan;
	char stop_timeout[32];
};

/* False: the value isn't understood. */
static bool take_stop_timeout(struct addition *addition, const char *text)
{
	int64_t span_ns;

	if (!span_parse(text, SPAN_SECOND_NS, &span_ns) ||
	    span_ns / SPAN_MILLISECOND_NS > UINT32_MAX)
		return false;
	snprintf(addition->stop_timeout, sizeof(addition->stop_timeout),
		 "%" PRId64, span_ns / SPAN_MILLISECOND_NS);
	addition->plan.timeout_kill = addition->stop_timeout;
	return true;
}

static bool take_edge(struct plan *plan, enum graph_kind kind, const char *name)
{
	list_add(&plan->edges[kind], name);
	return !place_name_trouble(name);
}

static bool take_user(struct plan *plan, const char *text)
{
	struct ids ids;

	plan->user = text;
	return ids_parse(text, &ids);
}

static bool take_restart(struct plan *plan, const char *text)
{
	char line[256], room[256];
	struct strb copy = strb_on(line, sizeof(line));
	struct strb wrong = strb_on(room, sizeof(room));
	struct policy policy = {0};

	plan->restart = text;
	strb_add(&copy, text);
	return !copy.is_cut && policy_parse(line, &policy, &wrong);
}

static bool take_number(const char **member, const char *text, int64_t min,
			int64_t max)
{
	int64_t number;

	*member = text;
	return number_parse_signed(text, min, max, &number) == 0;
}

static bool take_umask(struct plan *plan, const char *text)
{
	uint64_t mask;

	plan->umask = text;
	return number_parse_octal(text, 0777, &mask) == 0;
}

static bool take_variable(struct plan *plan, const char *text)
{
	list_add(&plan->environment, text);
	return plan_is_variable(text);
}

/* What has a value; false: it isn't understood. */
static bool take_value(struct addition *addition, int word, const char *text)
{
	struct plan *plan = &addition->plan;

	switch (word) {
	case WORD_AFTER: return take_edge(plan, GRAPH_AFTER, text);
	case WORD_NEEDS: return take_edge(plan, GRAPH_NEEDS, text);
	case WORD_WANTS: return take_edge(plan, GRAPH_WANTS, text);
	case WORD_CWD: plan->cwd = text; return *text == '/';
	case WORD_ENV: return take_variable(plan, text);
	case WORD_INTO: addition->maker.root = text; return *text != '\0';
	case WORD_LIMIT: return plan_add_limit(plan, text);
	case WORD_LOG_USER: addition->maker.log_user = text; return true;
	case WORD_NICE: return take_number(&plan->nice, text, -20, 19);
	case WORD_READY_FD:
		return take_number(&plan->notification_fd, text, 0, 1023);
	case WORD_RESTART: return take_restart(plan, text);
	case WORD_STOP_SIGNAL:
		plan->down_signal = text;
		return signame_parse(text) > 0;
	case WORD_STOP_TIMEOUT: return take_stop_timeout(addition, text);
	case WORD_UMASK: return take_umask(plan, text);
	default: return take_user(plan, text);
	}
}

/* 0, or the exit code. */
static int take_options(struct addition *addition, int argc, char *argv[])
{
	int word, index;

	while ((word = options_next_long(argc, argv, "+:", words)) != -1) {
		switch (word) {
		case '?': return COMMAND_MISUSED;
		case WORD_DISABLED: addition->maker.is_disabled = true; break;
		case WORD_DOWN: addition->plan.is_down = true; break;
		case WORD_DRY_RUN: addition->maker.is_dry = true; break;
		case WORD_NO_LOG: addition->maker.has_no_log = true; break;
		case WORD_NOTIFY_SOCKET:
			addition->plan.has_notify_socket = true;
			break;
		default:
			if (take_value(addition, word, optarg))
				break;
			for (index = 0; words[index].val != word;)
				index++;
			diag_fatal("--%s: not understood: %s; see sv(8)",
				   words[index].name, optarg);
			return EXIT_USAGE;
		}
	}
	return 0;
}

/* A path from here means nothing where the service runs. */
static void take_command(struct plan *plan, char *const argv[])
{
	char cwd[PATH_MAX];

	if (strchr(argv[0], '/') && argv[0][0] != '/' &&
	    getcwd(cwd, sizeof(cwd)))
		list_add_format(&plan->command, "%s/%s", cwd, argv[0]);
	else
		list_add(&plan->command, argv[0]);
	while (*++argv)
		list_add(&plan->command, *argv);
}

static void warn(const struct plan *plan)
{
	const char *program = plan->command.items[0];

	if (plan->user && geteuid() != 0)
		diag_warn("only root's supervisor can run programs as %s",
			  plan->user);
	if (*program == '/' && access(program, X_OK) == -1)
		diag_warn_errno("unable to run %s", program);
}

int add_command(const char *scan_dir, int argc, char *argv[])
{
	struct addition addition = {.maker = {.scan_dir = scan_dir}};
	const char *name;
	int code;

	/* Options may also stand behind the name, where people write them. */
	code = take_options(&addition, argc, argv);
	if (code != 0)
		goto out;
	code = COMMAND_MISUSED;
	name = argv[optind];
	if (!name || strcmp(argv[optind - 1], "--") == 0)
		goto out;
	optind++;
	code = take_options(&addition, argc, argv);
	if (code != 0)
		goto out;
	code = COMMAND_MISUSED;
	if (!argv[optind] || argv[optind][0] == '\0' || argv[optind][0] == '-')
		goto out;
	take_command(&addition.plan, argv + optind);
	if (addition.plan.command.count == 0)
		diag_die(EXIT_SYSTEM, "unable to make %s: out of memory", name);
	warn(&addition.plan);
	code = EXIT_SYSTEM;
	if (maker_begin(&addition.maker) == 0 &&
	    maker_add(&addition.maker, name, &addition.plan) == 0)
		code = 0;
	maker_end(&addition.maker);
out:
	plan_free(&addition.plan);
	return code;
}
