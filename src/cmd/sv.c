/*
 * sv.c -- control services, and tell how they are: runit's commands.
 *
 * Called by another name than sv it is an init script, as LSB has it, for the
 * service of that name.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/options.h"
#include "base/program.h"
#include "base/span.h"
#include "cmd/sv/control.h"
#include "cmd/sv/graph.h"
#include "cmd/sv/order.h"
#include "service/scan_dir.h"

#define DEFAULT_TIMEOUT_NS (7 * SPAN_SECOND_NS)
#define FAILED_MOST        99

/* Of init scripts: LSB, "Init Script Actions"; 151 is runit's. */
enum init_code {
	INIT_FAILED = 1,
	INIT_WRONG_USE = 2,
	INIT_DOWN = 3,
	INIT_UNKNOWN = 4,
	INIT_SYSTEM = 151,
};

struct sv {
	const char *init_name; /* NULL: this is no init script */
	struct control_request request;
};

static _Noreturn void die_of_usage(const struct sv *sv)
{
	if (sv->init_name) {
		diag_print("usage: %s [-w sec] command", sv->init_name);
		exit(INIT_WRONG_USE);
	}
	diag_print("usage: sv graph [--dot] [scandir]");
	diag_print("usage: sv [-v] [-w sec] command service ...");
	exit(EXIT_USAGE);
}

static const char *name_of_program(char *argv[])
{
	const char *name = argv[0] ? argv[0] : "sv";
	const char *slash = strrchr(name, '/');

	return slash ? slash + 1 : name;
}

/* What is no number is wrong as an option; as a variable it isn't worth not to
 * stop a service. */
static void take_options(struct sv *sv, int argc, char *argv[])
{
	const char *wait = getenv("SVWAIT");
	int letter;

	sv->request.timeout_ns = DEFAULT_TIMEOUT_NS;
	if (wait)
		span_parse(wait, SPAN_SECOND_NS, &sv->request.timeout_ns);
	while ((letter = options_next(argc, argv, "+:vw:")) != -1) {
		switch (letter) {
		case 'v': sv->request.waits = true; break;
		case 'w':
			sv->request.waits = true;
			if (span_parse(optarg, SPAN_SECOND_NS,
				       &sv->request.timeout_ns))
				break;
			diag_print("sv: -w %s: not a number of seconds",
				   optarg);
			die_of_usage(sv);
		default: die_of_usage(sv);
		}
	}
}

/* The service is the name of the script; what follows the command is nothing
 * to it. */
static void take_operands(struct sv *sv, char *argv[])
{
	if (!argv[0])
		die_of_usage(sv);
	sv->request.order = order_find(argv[0]);
	if (!sv->request.order)
		die_of_usage(sv);
	if (sv->init_name) {
		sv->request.names = (char *const *)&sv->init_name;
		sv->request.count = 1;
		return;
	}
	sv->request.names = argv + 1;
	while (sv->request.names[sv->request.count])
		sv->request.count++;
	if (sv->request.count == 0)
		die_of_usage(sv);
}

/* What isn't about one service but about all of them. */
static int show_graph(const struct sv *sv, char *operands[])
{
	bool is_dot = operands[0] && strcmp(operands[0], "--dot") == 0;
	const char *scan_dir = operands[is_dot ? 1 : 0];

	if (scan_dir && (scan_dir[0] == '-' || operands[is_dot ? 2 : 1]))
		die_of_usage(sv);
	scan_dir = scan_dir_find(scan_dir);
	if (graph_print(scan_dir, is_dot) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to show %s", scan_dir);
	return 0;
}

static int show_all(const struct sv *sv)
{
	const struct control_request *request = &sv->request;
	int failed = 0;

	for (size_t i = 0; i < request->count; i++) {
		enum control_status status =
			control_show(request->names[i], request->scan_dir);

		failed += status == CONTROL_IS_NONE ||
			  status == CONTROL_IS_UNKNOWN;
	}
	return failed;
}

static int show_for_init(const struct sv *sv)
{
	switch (control_show(sv->init_name, sv->request.scan_dir)) {
	case CONTROL_IS_UP: break;
	case CONTROL_IS_DOWN: return INIT_DOWN;
	case CONTROL_IS_UNKNOWN: return INIT_UNKNOWN;
	case CONTROL_IS_NONE: return INIT_FAILED;
	}
	return 0;
}

int main(int argc, char *argv[])
{
	struct sv sv = {.init_name = name_of_program(argv)};
	bool is_status;
	int failed;

	program_begin("sv", argc, argv);
	if (strcmp(sv.init_name, "sv") == 0)
		sv.init_name = NULL;
	take_options(&sv, argc, argv);
	if (!sv.init_name && argv[optind] && strcmp(argv[optind], "graph") == 0)
		return show_graph(&sv, argv + optind + 1);
	take_operands(&sv, argv + optind);
	sv.request.scan_dir = scan_dir_find(NULL);
	is_status = sv.request.order->kind == ORDER_STATUS;
	if (is_status && sv.init_name)
		return show_for_init(&sv);
	failed = is_status ? show_all(&sv) : control_services(&sv.request);
	if (failed == -1)
		diag_die_errno(sv.init_name ? INIT_SYSTEM : EXIT_USAGE,
			       "unable to wait for events");
	if (sv.init_name)
		return failed > 0 ? INIT_FAILED : 0;
	return failed < FAILED_MOST ? failed : FAILED_MOST;
}
