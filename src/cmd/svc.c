/*
 * svc.c -- send commands to the supervisors of services, and wait for what
 * comes of them if that is asked for.
 *
 * Each letter on the command line is one byte in supervise/control.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/options.h"
#include "base/program.h"
#include "base/span.h"
#include "base/strb.h"
#include "client/await.h"
#include "client/commands.h"
#include "service/control.h"

/* 0.76's list, to the letter; svc(8) has the rest. */
static const char usage[] =
	"svc options: u up, d down, o once, x exit, p pause, c continue, "
	"h hup, a alarm, i interrupt, t term, k kill";

enum { OPTION_WAIT = 1000, OPTION_TIMEOUT };

static const struct option words[] = {
	{"wait", required_argument, NULL, OPTION_WAIT},
	{"timeout", required_argument, NULL, OPTION_TIMEOUT},
	{NULL, 0, NULL, 0},
};

struct letters {
	char bytes[64];
	size_t count;
	size_t scope; /* the letters from here on are for the same process */
	int64_t patience_ns; /* see commands_close() */
};

/* It says whom the following letters are for. */
static bool is_selector(char letter)
{
	return letter == CONTROL_FOR_LOGGER || letter == CONTROL_FOR_SERVICE ||
	       letter == CONTROL_FOR_GROUP || letter == CONTROL_FOR_PROCESS;
}

static void add_letter(struct letters *letters, char letter)
{
	if (letters->count == sizeof(letters->bytes) ||
	    memchr(letters->bytes + letters->scope, letter,
		   letters->count - letters->scope))
		return;
	letters->bytes[letters->count++] = letter;
	if (is_selector(letter))
		letters->scope = letters->count;
}

/* "+:", every letter of the table, and the selectors that are no commands. */
static void list_options(char out[64])
{
	const struct control *row;
	struct strb text = strb_on(out, 64);

	strb_add(&text, "+:L+=");
	for (unsigned i = 0; (row = control_row(i)); i++)
		strb_add_bytes(&text, &row->letter, 1);
}

static enum condition condition_of(const char *name)
{
	static const struct {
		const char *name;
		enum condition condition;
	} rows[] = {
		{"up", CONDITION_UP},
		{"ready", CONDITION_READY},
		{"down", CONDITION_FINISHED},
		{"restarted", CONDITION_RESTARTED},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(name, rows[i].name) == 0)
			return rows[i].condition;
	}
	diag_die(EXIT_USAGE,
		 "--wait=%s: give one of up, ready, down and restarted", name);
}

/* Trouble with one directory is a warning, and the next one follows. 0, or -1
 * if there was any. */
static int control(const char *dir, struct letters *letters)
{
	int control_fd, result = 0;

	if (chdir(dir) == -1) {
		diag_warn_errno("unable to chdir to %s", dir);
		return -1;
	}
	control_fd = commands_open(AT_FDCWD);
	if (control_fd == -1) {
		if (errno == ENXIO)
			diag_warn("unable to control %s: supervise not running",
				  dir);
		else
			diag_warn_errno("unable to control %s", dir);
		return -1;
	}
	if (letters->count > 0 &&
	    commands_write(control_fd, letters->bytes, letters->count) == -1) {
		diag_warn_errno("error writing commands to %s", dir);
		result = -1;
	}
	commands_close(control_fd, &letters->patience_ns);
	return result;
}

/* Returns how many could not be controlled. */
static int control_all(char *const dirs[], struct letters *letters)
{
	int troubled = 0;
	int start_fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (start_fd == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to open current directory");
	for (; *dirs; dirs++) {
		troubled += control(*dirs, letters) == -1;
		if (fchdir(start_fd) == -1)
			diag_die_errno(EXIT_SYSTEM, "unable to set directory");
	}
	close(start_fd);
	return troubled;
}

static bool has_letter(const struct letters *letters, char letter)
{
	return memchr(letters->bytes, letter, letters->count) != NULL;
}

/* The codes are svwait's. */
static int control_and_wait(struct await *await, char *const dirs[],
			    size_t count, struct letters *letters)
{
	int troubled, code;

	await->is_acting = letters->count > 0;
	if (await->condition == CONDITION_UP && has_letter(letters, 'u'))
		await->condition = CONDITION_STARTED;
	if (await->condition == CONDITION_FINISHED && has_letter(letters, 'd'))
		await->condition = CONDITION_STOPPED;
	if (await_begin(await, dirs, count) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to start");
	troubled = control_all(dirs, letters);
	code = await_run(await);
	return troubled > 0 && code == 0 ? EXIT_SYSTEM : code;
}

int main(int argc, char *argv[])
{
	struct letters letters = {.patience_ns = COMMANDS_PATIENCE_NS};
	struct await await = {.condition = CONDITION_NONE, .timeout_ns = -1};
	char options[64];
	int letter;

	program_begin("svc", argc, argv);
	list_options(options);
	while ((letter = options_next_long(argc, argv, options, words)) != -1) {
		if (letter == '?') {
			diag_print("%s", usage);
			return EXIT_USAGE;
		}
		if (letter == OPTION_WAIT)
			await.condition = condition_of(optarg);
		else if (letter != OPTION_TIMEOUT)
			add_letter(&letters, (char)letter);
		else if (!span_parse(optarg, SPAN_SECOND_NS, &await.timeout_ns))
			diag_die(EXIT_USAGE, "--timeout=%s: not a number",
				 optarg);
	}
	signal(SIGPIPE, SIG_IGN);
	argv += optind;
	if (await.condition != CONDITION_NONE)
		return control_and_wait(&await, argv, (size_t)(argc - optind),
					&letters);
	control_all(argv, &letters);
	return 0;
}
