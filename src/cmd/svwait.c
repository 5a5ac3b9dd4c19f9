/*
 * svwait.c -- wait until services are up, ready, down or restarted.
 */
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/options.h"
#include "base/program.h"
#include "base/span.h"
#include "client/await.h"

static const char synopsis[] =
	"[ -u | -U | -d | -D | -r | -R ] [ -a | -o ] [ -t milliseconds ] "
	"[ dir ... ]";

/* True: the letter says what to wait for. */
static bool take_condition(struct await *await, int letter)
{
	switch (letter) {
	case 'u': await->condition = CONDITION_UP; return true;
	case 'U': await->condition = CONDITION_READY; return true;
	case 'd': await->condition = CONDITION_DOWN; return true;
	case 'D': await->condition = CONDITION_FINISHED; return true;
	case 'r': await->condition = CONDITION_RESTARTED; return true;
	case 'R': await->condition = CONDITION_RESTARTED_READY; return true;
	default: return false;
	}
}

static void take_option(struct await *await, int letter)
{
	if (take_condition(await, letter))
		return;
	switch (letter) {
	case 'a': await->is_any = false; break;
	case 'o': await->is_any = true; break;
	case 't':
		if (!span_parse(optarg, SPAN_MILLISECOND_NS,
				&await->timeout_ns))
			diag_die(EXIT_USAGE, "-t %s: not a number", optarg);
		if (await->timeout_ns == 0) /* no limit, as in s6 */
			await->timeout_ns = -1;
		break;
	default: diag_usage(EXIT_USAGE, synopsis);
	}
}

int main(int argc, char *argv[])
{
	struct await await = {.condition = CONDITION_UP, .timeout_ns = -1};
	int letter;

	program_begin("svwait", argc, argv);
	while ((letter = options_next(argc, argv, "+:uUdDrRaot:")) != -1)
		take_option(&await, letter);
	if (optind == argc)
		return 0;
	if (await_begin(&await, argv + optind, (size_t)(argc - optind)) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to start");
	return await_run(&await);
}
