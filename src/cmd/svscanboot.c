/* svscanboot.c -- keep svscan running, and its errors in sight. */
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/options.h"
#include "base/program.h"
#include "base/self.h"
#include "base/span.h"
#include "base/strb.h"
#include "boot/boot.h"
#include "boot/place.h"
#include "service/mains.h"

#define TITLE_BYTES 400
#define SHOWN_BYTES 60 /* of what is not understood */

/* Engines kill a container that takes 10 s. */
#define LIMIT_NS (8 * SPAN_SECOND_NS)
#define GRACE_NS (2 * SPAN_SECOND_NS)

static const char usage[] = "[-c | -m] [-A names | -M names] [-e dir] "
			    "[-g ms] [-s signal=what] [-t ms] "
			    "[scandir [logservice]] [-- command ...]";

enum { MAPPINGS_MOST = 64 };

struct arguments {
	bool is_container;
	const char *environment; /* NULL: where it can be made */
	char *mappings[MAPPINGS_MOST];
	size_t mapping_count;
	int64_t limit_ns, grace_ns; /* of a stop, and in it */
	const char *mains; /* as an option has it; NULL: there are none */
	bool needs_all;
	char for_container; /* an option that only has a meaning there */
	char **command;     /* what follows "--"; NULL: nothing does */
	char *scan_dir, *log_service; /* the last may be NULL */
};

static void take_mapping(struct arguments *arguments, char *mapping)
{
	if (arguments->mapping_count == MAPPINGS_MOST)
		diag_die(EXIT_USAGE, "-s %s: too many of them", mapping);
	arguments->mappings[arguments->mapping_count++] = mapping;
}

static int64_t take_span(int letter)
{
	int64_t span_ns;

	if (!span_parse(optarg, SPAN_MILLISECOND_NS, &span_ns))
		diag_die(EXIT_USAGE, "-%c %s: not a number of milliseconds",
			 letter, optarg);
	return span_ns;
}

static void take_mains(struct arguments *arguments, int letter)
{
	const char *at = optarg;
	size_t len;

	if (arguments->mains)
		diag_die(EXIT_USAGE, "-%c %s: one list of names is enough",
			 letter, optarg);
	if (!mains_next(&at, &len) || strchr(optarg, '/'))
		diag_die(EXIT_USAGE,
			 "-%c %s: names of services, with commas between them, "
			 "are expected",
			 letter, optarg);
	arguments->mains = optarg;
	arguments->needs_all = letter == 'A';
}

static void take_option(struct arguments *arguments, int letter)
{
	if (letter != 'c' && letter != 'm')
		arguments->for_container = (char)letter;
	switch (letter) {
	case 'A':
	case 'M': take_mains(arguments, letter); break;
	case 'g': arguments->grace_ns = take_span(letter); break;
	case 't': arguments->limit_ns = take_span(letter); break;
	case 'c': arguments->is_container = true; break;
	case 'm': arguments->is_container = false; break;
	case 'e': arguments->environment = optarg; break;
	case 's': take_mapping(arguments, optarg); break;
	default: diag_usage(EXIT_USAGE, usage);
	}
}

/* In a container people put a command there. */
static void check_log_service(const struct arguments *arguments)
{
	char room[PATH_MAX];
	struct strb path = strb_on(room, sizeof(room));
	struct stat status;

	if (!arguments->log_service || !arguments->is_container)
		return;
	strb_add_format(&path, "%s/%s", arguments->scan_dir,
			arguments->log_service);
	if (path.is_cut || stat(room, &status) == -1 ||
	    !S_ISDIR(status.st_mode))
		diag_die(EXIT_USAGE,
			 "%s is no service in %s to log to; a command comes "
			 "after --",
			 arguments->log_service, arguments->scan_dir);
}

/* Returns how many arguments there are before it. */
static int take_command(struct arguments *arguments, int argc, char *argv[])
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--") != 0)
			continue;
		argv[i] = NULL;
		if (i + 1 < argc)
			arguments->command = argv + i + 1;
		return i;
	}
	return argc;
}

static void take_arguments(struct arguments *arguments, int argc, char *argv[])
{
	static char scan_dir[] = HOLDFAST_SCANDIR;
	int letter;

	argc = take_command(arguments, argc, argv);
	arguments->is_container = boot_looks_like_container();
	arguments->limit_ns = LIMIT_NS;
	arguments->grace_ns = GRACE_NS;
	while ((letter = options_next(argc, argv, "+:cmA:M:e:g:s:t:")) != -1)
		take_option(arguments, letter);
	argc -= optind;
	argv += optind;
	if (argc > 2)
		diag_usage(EXIT_USAGE, usage);
	if (arguments->for_container && !arguments->is_container)
		diag_die(EXIT_USAGE,
			 "-%c has a meaning in a container only: see -c",
			 arguments->for_container);
	if (arguments->command && !arguments->is_container)
		diag_die(EXIT_USAGE, "a command has a meaning in a container "
				     "only: see -c");
	arguments->scan_dir = argc > 0 ? argv[0] : scan_dir;
	arguments->log_service = argc > 1 ? argv[1] : NULL;
	check_log_service(arguments);
}

static void prepare_signals(struct boot *boot,
			    const struct arguments *arguments)
{
	if (!boot->is_container) {
		reactions_of_machine(&boot->reactions);
		return;
	}
	reactions_of_container(&boot->reactions);
	for (size_t i = 0; i < arguments->mapping_count; i++) {
		char room[SHOWN_BYTES + 4];
		struct strb shown = strb_on(room, sizeof(room));
		const char *wrong;

		strb_add_shown(&shown, arguments->mappings[i], SHOWN_BYTES);
		wrong = reactions_map(&boot->reactions, arguments->mappings[i]);
		if (wrong)
			diag_die(EXIT_USAGE, "-s %s: %s", room, wrong);
	}
}

static void prepare_mains(struct boot *boot, const struct arguments *arguments)
{
	size_t size;
	struct strb text;

	if (!arguments->mains)
		return;
	size = sizeof(MAINS_VARIABLE) + strlen(arguments->mains) + 8;
	boot->mains = malloc(size);
	if (!boot->mains)
		diag_die_errno(EXIT_SYSTEM, "unable to start");
	text = strb_on(boot->mains, size);
	strb_add_format(&text, "%s=%s:%s", MAINS_VARIABLE,
			arguments->needs_all ? "all" : "any", arguments->mains);
}

/* The environment is there without the directory, but for who clears it. */
static void prepare_environment(struct boot *boot,
				const struct arguments *arguments)
{
	int result = boot->is_container ? boot_pass_environment(boot)
					: boot_set_environment(boot);

	if (result == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to start");
	if (!boot->is_container)
		return;
	if (!arguments->environment)
		(void)boot_write_environment(boot, BOOT_ENVIRONMENT);
	else if (boot_write_environment(boot, arguments->environment) == -1)
		diag_warn_errno("unable to write the environment to %s",
				arguments->environment);
}

int main(int argc, char *argv[])
{
	static char dots[TITLE_BYTES + 1];
	static struct arguments arguments;
	char *title_argv[] = {"readproctitle", "service", "errors:", dots,
			      NULL};
	char *svscan_argv[] = {"svscan", NULL, NULL, NULL};
	static struct boot boot;

	program_begin("svscanboot", argc, argv);
	diag_never_wait();
	take_arguments(&arguments, argc, argv);
	boot.is_container = arguments.is_container;
	boot.command.argv = arguments.command;
	boot.sweep.limit_ns = arguments.limit_ns;
	boot.sweep.grace_ns = arguments.grace_ns;
	prepare_signals(&boot, &arguments);
	svscan_argv[1] = arguments.scan_dir;
	svscan_argv[2] = arguments.log_service;
	/* It may come with a file system that is mounted later. */
	if (access(arguments.scan_dir, X_OK) == -1)
		diag_warn_errno("unable to use %s, trying again every second",
				arguments.scan_dir);
	memset(dots, '.', TITLE_BYTES);
	boot.svscan.argv = svscan_argv;
	if (!boot.is_container)
		boot.title.argv = title_argv;
	readiness_take(&boot.readiness);
	boot_find_folder(&boot, argv[0]);
	prepare_environment(&boot, &arguments);
	prepare_mains(&boot, &arguments);
	if (boot_open(&boot) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to set up descriptors");
	boot_catch_signals(&boot);
	self_adopt_orphans(); /* where it can't, orphans go to process 1 */
	return boot_run(&boot);
}
