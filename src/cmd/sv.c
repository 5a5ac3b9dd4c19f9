/*
 * sv.c -- control services, and tell how they are: runit's commands, and those
 * that only this sv has.
 *
 * Called by another name than sv it is an init script, as LSB has it, for the
 * service of that name.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/options.h"
#include "base/program.h"
#include "base/span.h"
#include "base/strb.h"
#include "cmd/sv/add.h"
#include "cmd/sv/allow.h"
#include "cmd/sv/arguments.h"
#include "cmd/sv/check.h"
#include "cmd/sv/command.h"
#include "cmd/sv/control.h"
#include "cmd/sv/deaths.h"
#include "cmd/sv/edit.h"
#include "cmd/sv/explain.h"
#include "cmd/sv/export.h"
#include "cmd/sv/graph.h"
#include "cmd/sv/import.h"
#include "cmd/sv/lint.h"
#include "cmd/sv/order.h"
#include "cmd/sv/remove.h"
#include "cmd/sv/status.h"
#include "cmd/sv/top.h"
#include "cmd/sv/try.h"
#include "cmd/sv/watch.h"
#include "make/typo.h"
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

static int help_command(const char *scan_dir, int argc, char *argv[]);

/* In the order in which sv names them. */
static const struct command commands[] = {
	{"status", "[-d dir] [status] [--json] [--values] [service ...]",
	 status_command},
	{"top", "[-d dir] top", top_command},
	{"watch", "[-d dir] watch [--json] [service ...]", watch_command},
	{"deaths", "[-d dir] deaths [-n count] service ...", deaths_command},
	{"check", "[-d dir] check --all [--startup] [--live] [--ready]",
	 check_command},
	{"graph", "[-d dir] graph [--dot] [dir]", graph_command},
	{"add", "[-d dir] add [--dry-run] [option ...] name -- command ...",
	 add_command},
	{"import",
	 "[-d dir] import [--into root] [--dry-run] [--enable] [option ...] "
	 "file ...",
	 import_command},
	{"export", "[-d dir] export --systemd | --openrc | --dot name",
	 export_command},
	{"remove", "[-d dir] remove [--purge] [--timeout span] name",
	 remove_command},
	{"enable", "[-d dir] enable [--into root] name", enable_command},
	{"edit", "[-d dir] edit name [file]", edit_command},
	{"try", "try [--restart policy] -- command ...", try_command},
	{"lint", "[-d dir] lint [--json] [service ...]", lint_command},
	{"explain", "[-d dir] explain [service | file ...]", explain_command},
	{"allow", "[-d dir] allow [--status | group] [service ...]",
	 allow_command},
	{"deny", "[-d dir] deny service ...", deny_command},
	{"disable", "[-d dir] disable [--timeout span] name", disable_command},
	{"help", "help", help_command},
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

struct sv {
	const char *init_name; /* NULL: this is no init script */
	const char *scan_dir;  /* of -d; NULL: nobody said so */
	bool is_json;
	struct control_request request;
};

/* Those that hold a command of somebody else's, whose options stay there. */
static const char *const unsorted[] = {"add", "try"};

#define UNSORTED_COUNT (sizeof(unsorted) / sizeof(unsorted[0]))
#define WORDS_MOST     80 /* names of commands, ours and runit's */

static _Noreturn void die_of_usage(const struct sv *sv)
{
	if (sv->init_name) {
		diag_print("usage: %s [-w sec] command", sv->init_name);
		exit(INIT_WRONG_USE);
	}
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		diag_print("usage: sv %s", commands[i].usage);
	diag_print("usage: sv [-v] [-w sec] [-d dir] command service ...");
	exit(EXIT_USAGE);
}

static int help_command(const char *scan_dir, int argc, char *argv[])
{
	const char *name;

	(void)scan_dir;
	if (options_next(argc, argv, "+:") != -1 || argv[optind])
		return COMMAND_MISUSED;
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		printf("sv %s\n", commands[i].usage);
	puts("sv [-v] [-w sec] [-d dir] command service ..., a command being");
	for (size_t i = 0; (name = order_name(i)); i++) {
		if (name[1] != '\0' || (name[0] >= '0' && name[0] <= '9'))
			printf(" %s", name);
	}
	putchar('\n');
	return 0;
}

static const char *name_of_program(char *argv[])
{
	const char *name = argv[0] ? argv[0] : "sv";
	const char *slash = strrchr(name, '/');

	return slash ? slash + 1 : name;
}

/* What is no number is wrong as an option; as a variable it isn't worth not to
 * stop a service. */
static void take_variables(struct sv *sv)
{
	const char *wait = getenv("SVWAIT");

	sv->request.timeout_ns = DEFAULT_TIMEOUT_NS;
	if (wait)
		span_parse(wait, SPAN_SECOND_NS, &sv->request.timeout_ns);
}

static void take_options(struct sv *sv, int argc, char *argv[])
{
	static const struct option words[] = {
		{"json", no_argument, NULL, 'j'},
		{NULL, 0, NULL, 0},
	};
	int letter;

	while ((letter = options_next_long(argc, argv, "+:d:vw:", words)) !=
	       -1) {
		switch (letter) {
		case 'j': sv->is_json = true; break;
		case 'd': sv->scan_dir = optarg; break;
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

/* A word that is no command, but nearly one. What runit's sv takes for the
 * command of its first letter, down to "enabel" for "exit", was meant to be
 * another. Beginnings of runit's names stand for them. */
static void refuse_slip(const char *word)
{
	const struct order *order = order_find(word);
	const char *names[WORDS_MOST + 1] = {NULL};
	const char *name, *guess;
	size_t count = 0;

	if (order && strncmp(order->name, word, strlen(word)) == 0)
		return;
	for (size_t i = 0; i < COMMAND_COUNT && count < WORDS_MOST; i++)
		names[count++] = commands[i].name;
	for (size_t i = 0; (name = order_name(i)) && count < WORDS_MOST; i++) {
		if (name[1] != '\0')
			names[count++] = name;
	}
	guess = word[0] != '\0' && word[1] != '\0' ? typo_guess(word, names)
						   : NULL;
	if (guess)
		diag_die(EXIT_USAGE, "unknown command %s; did you mean %s?",
			 word, guess);
	if (!order)
		diag_die(EXIT_USAGE, "unknown command %s; sv help lists them",
			 word);
}

/* The service is the name of the script; what follows the command is nothing
 * to it. */
static void take_operands(struct sv *sv, char *argv[])
{
	if (!argv[0])
		die_of_usage(sv);
	if (!sv->init_name)
		refuse_slip(argv[0]);
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

static const struct command *find_command(const char *word)
{
	for (size_t i = 0; word && i < COMMAND_COUNT; i++) {
		if (strcmp(word, commands[i].name) == 0)
			return &commands[i];
	}
	return NULL;
}

/* That of a command line, if it isn't one of runit's: as "check" is, of
 * services by name. */
static const struct command *command_of(char *const argv[])
{
	const struct command *command = find_command(argv[0]);

	if (!command || command->run != check_command)
		return command;
	for (size_t i = 1; argv[i]; i++) {
		if (strncmp(argv[i], "--", 2) == 0 && argv[i][2] != '\0')
			return command;
	}
	return NULL;
}

static bool is_unsorted(const char *word)
{
	for (size_t i = 0; i < UNSORTED_COUNT; i++) {
		if (strcmp(word, unsorted[i]) == 0)
			return true;
	}
	return false;
}

/* Also those that people write at the end of the line. */
static void take_all_options(struct sv *sv, int argc, char *argv[])
{
	const char *word;

	take_variables(sv);
	take_options(sv, argc, argv);
	word = argv[optind];
	if (!word || sv->init_name || is_unsorted(word))
		return;
	arguments_gather(argv + optind, !command_of(argv + optind));
	take_options(sv, argc, argv);
}

static int run_command(const struct sv *sv, const struct command *command,
		       int argc, char *argv[])
{
	char name[32]; /* what complaints begin with */
	struct strb text = strb_on(name, sizeof(name));
	int code;

	strb_add_format(&text, "sv %s", command->name);
	argv[0] = name;
	if (!is_unsorted(command->name))
		arguments_sort(argv);
	optind = 0; /* of its own options nothing was read yet */
	code = command->run(sv->scan_dir, argc, argv);
	if (code != COMMAND_MISUSED)
		return code;
	diag_print("usage: sv %s", command->usage);
	return EXIT_USAGE;
}

/* How is everything? */
static int run_alone(const struct sv *sv)
{
	static char name[] = "status", json[] = "--json";
	char *argv[] = {name, sv->is_json ? json : NULL, NULL};

	return run_command(sv, find_command(name), sv->is_json ? 2 : 1, argv);
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
	const struct command *command;
	bool is_status;
	int failed;

	program_begin("sv", argc, argv);
	if (strcmp(sv.init_name, "sv") == 0)
		sv.init_name = NULL;
	take_all_options(&sv, argc, argv);
	if (!sv.init_name && !argv[optind])
		return run_alone(&sv);
	if (sv.is_json)
		die_of_usage(&sv);
	command = sv.init_name ? NULL : command_of(argv + optind);
	if (command)
		return run_command(&sv, command, argc - optind, argv + optind);
	take_operands(&sv, argv + optind);
	sv.request.scan_dir = scan_dir_find(sv.scan_dir);
	is_status = sv.request.order->kind == ORDER_STATUS;
	if (is_status && sv.init_name)
		return show_for_init(&sv);
	failed = is_status ? status_lines(sv.request.scan_dir, sv.request.names)
			   : control_services(&sv.request);
	if (failed == -1)
		diag_die_errno(sv.init_name ? INIT_SYSTEM : EXIT_USAGE,
			       "unable to wait for events");
	if (sv.init_name)
		return failed > 0 ? INIT_FAILED : 0;
	return failed < FAILED_MOST ? failed : FAILED_MOST;
}
